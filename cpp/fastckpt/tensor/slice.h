// Slice: the part of a partitioned tensor that one stored entry holds.
//
// Source: tensorflow/core/framework/tensor_slice.cc and
// core/util/saved_tensor_slice_util.cc (EncodeTensorNameSlice).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {

// One dimension as a file spells it; `length` -1 means the whole dimension.
struct Extent {
  std::int64_t start = 0;
  std::int64_t length = -1;

  bool IsWhole() const { return length == -1; }
  friend auto operator<=>(const Extent&, const Extent&) = default;
};

using SliceSpec = std::vector<Extent>;

// A slice resolved against a shape: every length is there and inside.
struct Box {
  std::vector<std::int64_t> begin;
  std::vector<std::int64_t> extent;
};

// Resolves a slice against the full shape. Throws Corruption unless the ranks
// agree and 0 <= start, 1 <= length, start <= dim - length in each dimension
// that is not whole.
Box ResolveSlice(const SliceSpec& spec, Dims full);

// The key under which a slice is stored: ordered code of 0, name, rank, then
// start and length per dimension, spelled as in the file.
std::string SliceKey(std::string_view name, const SliceSpec& spec);
// Its two parts: what the keys of all slices of a tensor begin with (and no
// other slice key does), and what follows.
std::string SliceKeyPrefix(std::string_view name);
std::string SliceKeySuffix(const SliceSpec& spec);

// Parses a slice key; false if the bytes are none.
[[nodiscard]] bool ParseSliceKey(std::string_view key, std::string* name,
                                 SliceSpec* spec);

// True if a and b have an element in common.
bool Overlaps(const Box& a, const Box& b);

// Gives two indices of boxes that have an element in common, or nothing.
// Boxes as partitioners make them take n log n steps; throws Unsupported when
// an arrangement would take longer than some seconds to prove.
std::optional<std::pair<std::size_t, std::size_t>> FindOverlap(
    const std::vector<Box>& boxes);

// TensorFlow's spelling: "0,2:-".
std::string FormatSlice(const SliceSpec& spec);

}  // namespace fastckpt::internal
