// DType: TensorFlow's data types, their numbers, names and stored sizes.
//
// Source: tensorflow/core/framework/types.proto and types.cc. Types below a
// byte (int4, float4 ...) take one byte per element in a checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace fastckpt {

enum class DType : std::int32_t {
  kInvalid = 0,
  kFloat = 1,
  kDouble = 2,
  kInt32 = 3,
  kUint8 = 4,
  kInt16 = 5,
  kInt8 = 6,
  kString = 7,
  kComplex64 = 8,
  kInt64 = 9,
  kBool = 10,
  kQint8 = 11,
  kQuint8 = 12,
  kQint32 = 13,
  kBfloat16 = 14,
  kQint16 = 15,
  kQuint16 = 16,
  kUint16 = 17,
  kComplex128 = 18,
  kHalf = 19,
  kResource = 20,
  kVariant = 21,
  kUint32 = 22,
  kUint64 = 23,
  kFloat8E5m2 = 24,
  kFloat8E4m3fn = 25,
  kFloat8E4m3fnuz = 26,
  kFloat8E4m3b11fnuz = 27,
  kFloat8E5m2fnuz = 28,
  kInt4 = 29,
  kUint4 = 30,
  kInt2 = 31,
  kUint2 = 32,
  kFloat4E2m1fn = 33,
};

constexpr std::int32_t kMaxDType = 33;
// Adding this to a type's number gives its reference twin (graphs only).
constexpr std::int32_t kRefOffset = 100;

// Bytes of one stored element; 0 for strings, variants, resources and numbers
// that are no type.
std::size_t ElementSize(DType dtype);

// Bytes that are swapped as one in a big-endian file: half an element for
// complex types.
std::size_t SwapUnit(DType dtype);

// TensorFlow's name: "float32", "qint8"; "unknown(77)" for what is no type.
std::string DTypeName(DType dtype);

// The type of that name, or kInvalid.
DType FindDType(const std::string& name);

// Throws Corruption for 0, negative numbers and reference types, Unsupported
// for resource, variant and numbers this library does not know.
void CheckReadable(DType dtype);

}  // namespace fastckpt
