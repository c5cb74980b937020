// RegionArgument: NumPy's basic indexing, as callers write it, for one shape.
//
// Integers, slices with any step and `...`; no arrays, no None inside.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

#include "fastckpt/read/region.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {

// A region with the part of it that the caller keeps as dimensions: an integer
// takes its dimension away.
struct ParsedRegion {
  Region region;
  std::vector<bool> keeps;

  std::vector<std::int64_t> KeptShape() const;
  // One stride per dimension of the tensor from those of the kept ones.
  std::vector<std::int64_t> Spread(
      const std::vector<std::int64_t>& strides) const;
};

// What array[argument] takes of an array of that shape; None is all of it.
// Throws IndexError for an integer out of bounds or too many of them, TypeError
// for what is no basic index, ValueError for a step of 0.
ParsedRegion ParseRegionArgument(pybind11::handle argument, Dims dims);

}  // namespace fastckpt::internal
