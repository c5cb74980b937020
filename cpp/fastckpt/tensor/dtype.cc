#include "fastckpt/tensor/dtype.h"

#include <array>

#include "fastckpt/base/error.h"

namespace fastckpt {
namespace {

using internal::kMaxDType;

struct Row {
  const char* name;
  std::uint8_t size;
};

// By number.
constexpr std::array<Row, kMaxDType + 1> kRows = {{
    {"invalid", 0},
    {"float32", 4},
    {"float64", 8},
    {"int32", 4},
    {"uint8", 1},
    {"int16", 2},
    {"int8", 1},
    {"string", 0},
    {"complex64", 8},
    {"int64", 8},
    {"bool", 1},
    {"qint8", 1},
    {"quint8", 1},
    {"qint32", 4},
    {"bfloat16", 2},
    {"qint16", 2},
    {"quint16", 2},
    {"uint16", 2},
    {"complex128", 16},
    {"float16", 2},
    {"resource", 0},
    {"variant", 0},
    {"uint32", 4},
    {"uint64", 8},
    {"float8_e5m2", 1},
    {"float8_e4m3fn", 1},
    {"float8_e4m3fnuz", 1},
    {"float8_e4m3b11fnuz", 1},
    {"float8_e5m2fnuz", 1},
    {"int4", 1},
    {"uint4", 1},
    {"int2", 1},
    {"uint2", 1},
    {"float4_e2m1fn", 1},
}};

bool IsKnown(std::int32_t number) { return number > 0 && number <= kMaxDType; }

}  // namespace

std::size_t ElementSize(DType dtype) {
  const auto number = static_cast<std::int32_t>(dtype);
  return IsKnown(number) ? kRows[static_cast<std::size_t>(number)].size : 0;
}

std::string DTypeName(DType dtype) {
  const auto number = static_cast<std::int32_t>(dtype);
  if (!IsKnown(number)) return "unknown(" + std::to_string(number) + ")";
  return kRows[static_cast<std::size_t>(number)].name;
}

DType FindDType(const std::string& name) {
  for (std::size_t number = 1; number < kRows.size(); ++number) {
    if (name == kRows[number].name) return static_cast<DType>(number);
  }
  return DType::kInvalid;
}

namespace internal {

std::size_t SwapUnit(DType dtype) {
  const bool is_complex =
      dtype == DType::kComplex64 || dtype == DType::kComplex128;
  return is_complex ? ElementSize(dtype) / 2 : ElementSize(dtype);
}

std::uint8_t StoredBits(DType dtype) {
  switch (dtype) {
    case DType::kInt4:
    case DType::kUint4:
    case DType::kFloat4E2m1fn:
      return 0x0f;
    case DType::kInt2:
    case DType::kUint2:
      return 0x03;
    default:
      return 0xff;
  }
}

DType GetDType(const std::string& name) {
  const DType dtype = FindDType(name);
  if (dtype != DType::kInvalid) return dtype;
  ThrowUnsupported("values of dtype " + name +
                   " have no form in a checkpoint; convert them first");
}

void CheckReadable(DType dtype) {
  const auto number = static_cast<std::int32_t>(dtype);
  const bool is_ref = number > kRefOffset && number <= kRefOffset + kMaxDType;
  if (number <= 0 || is_ref) {
    ThrowCorruption("dtype " + std::to_string(number) +
                    " cannot stand in a checkpoint");
  }
  if (dtype == DType::kResource || dtype == DType::kVariant) {
    ThrowUnsupported("values of dtype " + DTypeName(dtype) +
                     " have no form outside TensorFlow");
  }
  if (!IsKnown(number)) {
    ThrowUnsupported("dtype " + std::to_string(number) +
                     " is newer than this library");
  }
}

}  // namespace internal
}  // namespace fastckpt
