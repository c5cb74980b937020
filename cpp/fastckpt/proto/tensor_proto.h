// TensorProto: the typed value fields that V1 files keep tensors in.
//
// Which field holds which dtype is TensorFlow's table (SaveData and Fill):
//   float_val 5, double_val 6, int_val 7, string_val 8, scomplex_val 9,
//   int64_val 10, bool_val 11, dcomplex_val 12, half_val 13, uint32_val 16,
//   uint64_val 17. Packed, unpacked and mixed runs are read.
// The number of values must be the slice's: nothing is repeated to fill it, as
// it would be in a graph's constant.
//
// Source: tensorflow/core/util/saved_tensor_slice_util.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/proto/fields.h"
#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {

inline constexpr std::uint32_t kStringValueField = 8;

// How the values of a dtype are kept; `field` is 0 where V1 has none.
struct ValueEncoding {
  std::uint32_t field = 0;
  WireType wire = WireType::kVarint;
  std::size_t values_per_element = 1;
};

ValueEncoding EncodingOf(DType dtype);

// A serialized TensorProto, in pieces that follow one another.
using TensorMessage = std::span<const ByteView>;

// The bytes of the array where the message holds them as such: floats, doubles
// or complex numbers in one packed run. Empty span otherwise, never throws.
ByteView FindPackedArray(TensorMessage message, DType dtype,
                         std::uint64_t count);

// Throws Corruption if the message names another dtype or shape, or holds
// tensor_content.
void CheckAgrees(TensorMessage message, DType dtype, Dims dims);

// Decodes the values of a numeric dtype into little-endian array bytes. Throws
// Corruption if there are fewer or more or an inner dtype or shape disagrees,
// Unsupported for a dtype that V1 has no field for.
std::vector<std::uint8_t> DecodeValues(TensorMessage message, DType dtype,
                                       Dims dims);

// The values of a string tensor, as views into the message.
std::vector<ByteView> DecodeStrings(TensorMessage message, Dims dims);

}  // namespace fastckpt::internal
