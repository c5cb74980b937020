// Region: the part of a tensor that a caller asks for, and its destination.
//
// Steps are positive here: a negative one is turned round by the caller's side
// of the border (FlipNegativeSteps), with the destination's stride negated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {

// One dimension: elements start, start + step, ... `count` of them, all of
// which lie in the tensor.
struct RegionDim {
  std::int64_t start = 0;
  std::int64_t count = 0;
  std::int64_t step = 1;
  // Unless null: so many indices, each once and rising, that are asked for in
  // place of a range. Only what counts or finds knows of it.
  const std::int64_t* listed = nullptr;
};

using Region = std::vector<RegionDim>;

// Where a region's elements go: one stride in bytes per dimension of the
// tensor (0 for a dimension that the caller took one index of).
struct Destination {
  std::uint8_t* base = nullptr;
  std::vector<std::int64_t> strides;
};

Region WholeRegion(Dims dims);

// Elements in the region.
std::uint64_t RegionCount(const Region& region);

// The indices of a dimension's elements, whose step is positive, that lie in
// [begin, begin + extent) of the tensor.
struct IndexRange {
  std::int64_t first;
  std::int64_t count;  // not below 0
};
IndexRange IndicesInside(const RegionDim& dim, std::int64_t begin,
                         std::int64_t extent);

// Makes every step positive without changing which element goes where.
void FlipNegativeSteps(Region* region, Destination* destination);

// The same elements, with every step positive.
Region RisingRegion(Region region);

// True if the region is the whole of `dims`, each element in its place.
bool IsWhole(const Region& region, Dims dims);

// True if the destination is one dense array in the region's order.
bool IsDense(const Region& region, const Destination& destination,
             std::size_t item_size);

}  // namespace fastckpt::internal
