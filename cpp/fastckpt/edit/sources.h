// Sources: open bundles of which one is to be made.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fastckpt/read/bundle_source.h"

namespace fastckpt::internal {

using Sources = std::vector<const BundleSource*>;

// Throws Invalid if there is none, or if byte order or version differ.
void CheckAlike(const Sources& sources);

// Throws Corruption if an entry has more dimensions than a tensor can have or,
// where it is not sliced, no place that can be meant.
void CheckEntry(const BundleSource& source, std::size_t slot);

// The name of the tensor that a slot is or is a slice of.
std::string TensorName(const BundleSource& source, std::size_t slot);

// Opens the shard of a slot to be read, not mapped: a file that is cut is an
// error then and no signal. Throws System, and Corruption if the index was
// replaced.
std::unique_ptr<DataFile> OpenShard(const BundleSource& source,
                                    std::size_t slot);

// Runs `work`, which makes one bundle of all: an Invalid about a tensor names
// the sources that have it, if there are several.
void NamingSources(const Sources& sources, const std::function<void()>& work);

}  // namespace fastckpt::internal
