// DType: what readers and writers ask of TensorFlow's data types, beside the
// names and sizes that everybody may ask for.
//
// Source: tensorflow/core/framework/types.proto and types.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "fastckpt/dtype.h"

namespace fastckpt::internal {

constexpr std::int32_t kMaxDType = 33;
// Adding this to a type's number gives its reference twin (graphs only).
constexpr std::int32_t kRefOffset = 100;

// Bytes that are swapped as one in a big-endian file: half an element for
// complex types.
std::size_t SwapUnit(DType dtype);

// The bits of each byte of an element that the type has: below 8 for those that
// are smaller than a byte, and take one.
std::uint8_t StoredBits(DType dtype);

// Gives the type of that name. Throws Unsupported if there is none.
DType GetDType(const std::string& name);

// Throws Corruption for 0, negative numbers and reference types, Unsupported
// for resource, variant and numbers this library does not know.
void CheckReadable(DType dtype);

}  // namespace fastckpt::internal
