#include "fastckpt/proto/value_encoder.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/base/error.h"
#include "fastckpt/proto/fields.h"
#include "fastckpt/proto/tensor_proto.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint64_t kMaxVarint = 10;
constexpr std::size_t kBufferSize = std::size_t{256} << 10;

// Source: saved_tensor_slice_util.h, MaxBytesPerElementOrZero, and for the two
// types that TensorFlow reads but does not write, the longest varint.
std::uint64_t MaxBytesPerElement(DType dtype) {
  switch (dtype) {
    case DType::kUint8:
    case DType::kQuint8:
      return 2;
    case DType::kUint16:
    case DType::kHalf:
      return 3;
    case DType::kBool:
      return 1;
    default:
      return EncodingOf(dtype).wire == WireType::kVarint ? kMaxVarint
                                                         : ElementSize(dtype);
  }
}

bool IsSigned(DType dtype) {
  switch (dtype) {
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
    case DType::kQint8:
    case DType::kQint32:
      return true;
    default:
      return false;
  }
}

// Signed values go out as 64 bits, ten bytes for each negative one.
template <typename Int, typename Signed>
void PutVarints(const std::uint8_t* from, std::size_t count, bool is_signed,
                std::string* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const Int value = LoadLittle<Int>(from + i * sizeof(Int));
    PutVarint64(out, is_signed
                         ? static_cast<std::uint64_t>(static_cast<std::int64_t>(
                               static_cast<Signed>(value)))
                         : static_cast<std::uint64_t>(value));
  }
}

void PutPacked(const std::uint8_t* from, std::size_t size, DType dtype,
               std::string* out) {
  const bool is_signed = IsSigned(dtype);
  if (EncodingOf(dtype).wire != WireType::kVarint) {
    out->append(reinterpret_cast<const char*>(from), size);
  } else if (ElementSize(dtype) == 1) {
    PutVarints<std::uint8_t, std::int8_t>(from, size, is_signed, out);
  } else if (ElementSize(dtype) == 2) {
    PutVarints<std::uint16_t, std::int16_t>(from, size / 2, is_signed, out);
  } else if (ElementSize(dtype) == 4) {
    PutVarints<std::uint32_t, std::int32_t>(from, size / 4, is_signed, out);
  } else {
    PutVarints<std::uint64_t, std::int64_t>(from, size / 8, is_signed, out);
  }
}

std::string EncodeArray(const StridedArray& array, DType dtype,
                        std::uint64_t size) {
  const GatherPlan plan(array);
  std::vector<std::uint8_t> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(size, kBufferSize)));
  std::string packed;
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t step = static_cast<std::size_t>(
        std::min<std::uint64_t>(buffer.size(), size - done));
    plan.Copy(0, done, step, buffer.data());
    PutPacked(buffer.data(), step, dtype, &packed);
    done += step;
  }
  return packed;
}

}  // namespace

std::uint64_t EncodedSizeBound(const TensorInput& input) {
  const auto* strings = std::get_if<StringValues>(&input.values);
  if (strings != nullptr) {
    std::uint64_t size = strings->size() * kMaxVarint;
    for (const std::string_view value : *strings) size += value.size();
    return size;
  }
  if (EncodingOf(input.dtype).field == 0) {
    ThrowUnsupported("V1 files have no field for values of dtype " +
                     DTypeName(input.dtype) + "; write format v2");
  }
  return ElementCount(input.dims) * MaxBytesPerElement(input.dtype);
}

std::string EncodeValues(const TensorInput& input) {
  std::string message;
  const auto* strings = std::get_if<StringValues>(&input.values);
  if (strings != nullptr) {
    for (const std::string_view value : *strings) {
      PutBytesField(&message, kStringValueField, value);
    }
    return message;
  }
  const std::string packed =
      EncodeArray(std::get<StridedArray>(input.values), input.dtype,
                  ByteCount(input.dims, input.dtype));
  if (!packed.empty()) {
    PutBytesField(&message, EncodingOf(input.dtype).field, packed);
  }
  return message;
}

}  // namespace fastckpt::internal
