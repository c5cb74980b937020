// Shape: checked counts over dimensions that came from a file.
//
// Source: tensorflow/core/framework/tensor_shape.cc (254 dimensions at most).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fastckpt/tensor/dtype.h"

namespace fastckpt::internal {

using Dims = std::span<const std::int64_t>;

// TensorFlow's limit; NumPy 2 ends at 64.
constexpr std::size_t kMaxRank = 254;
constexpr std::size_t kMaxNumpyRank = 64;

// The number of elements. Throws Corruption on a negative dimension and when
// the product of the others passes 2^63-1, a zero among them or not.
std::uint64_t ElementCount(Dims dims);

// ElementCount(dims) * ElementSize(dtype). Throws Corruption over 2^63-1, a
// zero among the dimensions or not.
std::uint64_t ByteCount(Dims dims, DType dtype);

// Throws Unsupported over NumPy's rank, Corruption over TensorFlow's.
void CheckRank(std::size_t rank);

// Strides in bytes of a C-ordered array.
std::vector<std::int64_t> ContiguousStrides(Dims dims, std::size_t item_size);

// "[2,3]".
std::string FormatShape(Dims dims);

}  // namespace fastckpt::internal
