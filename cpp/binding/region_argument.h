// RegionArgument: NumPy's indexing, as callers write it, for one shape.
//
// Integers, slices with any step and `...`, and on one axis a list or a 1-d
// array of integers; no booleans, no None inside.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "fastckpt/read/region.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {

// A region with the part of it that the caller keeps as dimensions: an integer
// takes its dimension away.
struct ParsedRegion {
  Region region;
  std::vector<bool> keeps;
  // The axis of a list of indices, and these; the region only counts them.
  std::optional<std::size_t> list_axis;
  std::vector<std::int64_t> ids;
  // Whether its dimension goes before all others: NumPy's rule where a slice
  // stands between the list and an integer.
  bool is_list_first = false;

  std::vector<std::int64_t> KeptShape() const;
  // One stride per dimension of the tensor from those of the kept ones.
  std::vector<std::int64_t> Spread(
      const std::vector<std::int64_t>& strides) const;
};

// What array[argument] takes of an array of that shape; None is all of it.
// Throws IndexError for an integer out of bounds, too many of them or None
// inside, TypeError for what is no index, ValueError for a step of 0.
ParsedRegion ParseRegionArgument(pybind11::handle argument, Dims dims);

// The region's hull: from the first index of a list to its last.
Region HullOf(const ParsedRegion& parsed);

}  // namespace fastckpt::internal
