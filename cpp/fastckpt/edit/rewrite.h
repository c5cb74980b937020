// Resharding: the tensors of bundles are dealt out to other data files.
//
// They are copied in the order in which they lie, to where BundleWriter puts
// each; every checksum is compared on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fastckpt/platform/parallel.h"
#include "fastckpt/write/bundle_writer.h"

namespace fastckpt {

// Puts the checkpoint at `prefix` in place as BundleWriter does, and keeps the
// sources. False if `interrupted` ended the work, without a checkpoint. Throws
// System if a file is missing, Corruption for damage, Invalid if a tensor is in
// two sources or the sources' headers differ.
bool Reshard(const std::vector<std::string>& sources, const std::string& prefix,
             const WriteOptions& options, const Interrupt& interrupted);

// Per tensor of a source the names that it is to have.
using NewNames = std::map<std::string, std::vector<std::string>, std::less<>>;

// The same for the tensors of one source that `names` has; what it has not is
// not looked at. `passed_on` is called now and then with the bytes written so
// far, if it is set.
bool Rewrite(const std::string& source, const std::string& prefix,
             const NewNames& names, const WriteOptions& options,
             const Interrupt& interrupted,
             const std::function<void(std::uint64_t)>& passed_on);

}  // namespace fastckpt
