// SourceBundle: a bundle whose tensors are passed on to another.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fastckpt/v2/bundle_index.h"

namespace fastckpt {

struct SourceBundle {
  std::string prefix;
  BundleIndex index;

  // The data file that an entry refers to.
  std::string DataPath(std::size_t entry) const;

  // The name of the tensor that an entry is or is a slice of.
  std::string TensorName(std::size_t entry) const;

  // Throws Corruption if the entry's numbers cannot be meant: a shard that the
  // header does not count, a negative offset or size, too many dimensions.
  void CheckEntry(std::size_t entry) const;
};

// Reads the indexes. Throws System and Corruption; Invalid if there is none or
// if byte order or version differ.
std::vector<SourceBundle> OpenSources(const std::vector<std::string>& prefixes);

}  // namespace fastckpt
