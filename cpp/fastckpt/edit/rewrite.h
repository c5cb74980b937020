// Rewriting: the tensors of bundles are passed on to another, as they are
// stored.
//
// They are copied in the order in which they lie, to where BundleWriter puts
// each; every checksum is compared on the way. The sources are those that
// everybody reads with; their data files are read and not mapped, a few at a
// time.
#pragma once

#include <string>

#include "fastckpt/edit/dealer.h"
#include "fastckpt/edit/sources.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/write/bundle_writer.h"

namespace fastckpt::internal {

// Puts the checkpoint at `prefix` in place as BundleWriter does, and keeps the
// sources. False if `interrupted` ended the work, without a checkpoint. Throws
// System if a file is missing, Corruption for damage and for a source that was
// replaced or cut, Invalid if a tensor is in two sources or the sources'
// headers differ.
bool Reshard(const Sources& sources, const std::string& prefix,
             const WriteOptions& options, const Interrupt& interrupted);

// The same for tensors of one source. Throws NotFound for a tensor that the
// source has not, Invalid for values of one that is left out, Unsupported for
// values where the source is big-endian.
bool Rewrite(const BundleSource& source, const std::string& prefix,
             const Changes& changes, const WriteOptions& options,
             const Interrupt& interrupted);

}  // namespace fastckpt::internal
