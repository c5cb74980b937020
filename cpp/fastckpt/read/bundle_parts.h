// BundleParts: which entries of a bundle's index store a tensor, and whether
// what they say is possible.
//
// Thread-safety: immutable.
#pragma once

#include <cstddef>
#include <vector>

#include "fastckpt/read/region.h"
#include "fastckpt/tensor/slice.h"
#include "fastckpt/v2/bundle_index.h"

namespace fastckpt::internal {

// A stored entry, and its place in the tensor.
struct BundlePart {
  std::size_t slot;
  Box box;
};

class BundleParts {
 public:
  // `index` must outlive it.
  explicit BundleParts(const BundleIndex& index) : index_(index) {}

  // The entries that a region of a sliced tensor needs (null: the whole).
  // Throws Corruption, of a hole in the region too.
  std::vector<BundlePart> Find(std::size_t slot, const Region* region) const;

  // The slot that stores a slice, resolved to `box`, which a tensor lists.
  // Throws Corruption.
  std::size_t FindPart(std::size_t slot, const SliceSpec& spec,
                       const Box& box) const;

  // Throws Corruption unless the entry of an unsliced slot names a shard that
  // there is, a place, and a size that fits its shape.
  void CheckPlace(std::size_t slot) const;

 private:
  const BundleIndex& index_;
};

}  // namespace fastckpt::internal
