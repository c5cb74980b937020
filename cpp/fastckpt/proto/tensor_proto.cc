#include "fastckpt/proto/tensor_proto.h"

#include <cstring>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/shape_message.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint32_t kDtypeField = 1;
constexpr std::uint32_t kShapeField = 2;
constexpr std::uint32_t kContentField = 4;

std::size_t FixedWidth(WireType wire) {
  return wire == WireType::kFixed32 ? 4 : 8;
}

// Varints end with the bytes below 0x80.
std::uint64_t CountVarints(ByteView packed) {
  std::uint64_t count = 0;
  for (const std::uint8_t byte : packed) count += byte < 0x80 ? 1 : 0;
  return count;
}

template <typename Visit>
void VisitFields(TensorMessage message, Visit&& visit) {
  for (const ByteView part : message) {
    FieldReader reader(part);
    for (Field field; reader.Next(&field);) visit(field);
  }
}

std::uint64_t CountValues(TensorMessage message,
                          const ValueEncoding& encoding) {
  std::uint64_t count = 0;
  VisitFields(message, [&](const Field& field) {
    if (field.Is(encoding.field, encoding.wire)) ++count;
    if (!field.Is(encoding.field, WireType::kBytes)) return;
    if (encoding.wire == WireType::kVarint) {
      count += CountVarints(field.bytes);
      return;
    }
    const std::size_t width = FixedWidth(encoding.wire);
    if (field.bytes.size() % width != 0) {
      ThrowCorruption("a packed run of " + std::to_string(field.bytes.size()) +
                      " bytes is no multiple of " + std::to_string(width));
    }
    count += field.bytes.size() / width;
  });
  return count;
}

void CheckCount(std::uint64_t found, std::uint64_t expected) {
  if (found == expected) return;
  ThrowCorruption("the record holds " + std::to_string(found) +
                  " values, the slice's shape asks for " +
                  std::to_string(expected));
}

// Appends values as array elements of `width` bytes, cut as TensorFlow cuts
// them; a bool becomes 0 or 1.
class ArrayWriter {
 public:
  ArrayWriter(std::vector<std::uint8_t>* out, DType dtype, std::size_t width)
      : out_(out), is_bool_(dtype == DType::kBool), width_(width) {}

  void Add(std::uint64_t value) {
    if (is_bool_) value = value != 0 ? 1 : 0;
    std::uint8_t bytes[8];
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    out_->insert(out_->end(), bytes, bytes + width_);
  }

  void AddPackedVarints(ByteView packed) {
    Cursor cursor(packed);
    while (!cursor.AtEnd()) {
      std::uint64_t value = 0;
      if (!cursor.TakeVarint64(&value)) {
        ThrowCorruption("a packed value does not parse");
      }
      Add(value);
    }
  }

  void AddBytes(ByteView bytes) {
    out_->insert(out_->end(), bytes.begin(), bytes.end());
  }

 private:
  std::vector<std::uint8_t>* out_;
  bool is_bool_;
  std::size_t width_;
};

}  // namespace

ValueEncoding EncodingOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat:
      return {5, WireType::kFixed32};
    case DType::kDouble:
      return {6, WireType::kFixed64};
    case DType::kInt32:
    case DType::kInt16:
    case DType::kInt8:
    case DType::kUint8:
    case DType::kUint16:
    case DType::kQint8:
    case DType::kQuint8:
    case DType::kQint32:
      return {7, WireType::kVarint};
    case DType::kComplex64:
      return {9, WireType::kFixed32, 2};
    case DType::kInt64:
      return {10, WireType::kVarint};
    case DType::kBool:
      return {11, WireType::kVarint};
    case DType::kComplex128:
      return {12, WireType::kFixed64, 2};
    case DType::kHalf:
      return {13, WireType::kVarint};
    case DType::kUint32:
      return {16, WireType::kVarint};
    case DType::kUint64:
      return {17, WireType::kVarint};
    default:
      return {};
  }
}

void CheckAgrees(TensorMessage message, DType dtype, Dims dims) {
  VisitFields(message, [&](const Field& field) {
    if (field.Is(kDtypeField, WireType::kVarint) && field.number_value != 0 &&
        ToInt32(field.number_value, "dtype") !=
            static_cast<std::int32_t>(dtype)) {
      ThrowCorruption("the record's dtype " +
                      std::to_string(field.number_value) +
                      " is not the tensor's");
    }
    if (field.Is(kShapeField, WireType::kBytes) &&
        ParseShapeMessage(field.bytes).dims !=
            std::vector<std::int64_t>(dims.begin(), dims.end())) {
      ThrowCorruption("the record's shape is not the slice's");
    }
    if (field.Is(kContentField, WireType::kBytes) && !field.bytes.empty()) {
      ThrowCorruption(
          "the record holds tensor_content where its dtype's own "
          "field must be");
    }
  });
}

ByteView FindPackedArray(TensorMessage message, DType dtype,
                         std::uint64_t count) {
  const ValueEncoding encoding = EncodingOf(dtype);
  if (encoding.field == 0 || encoding.wire == WireType::kVarint) return {};
  ByteView found;
  std::size_t runs = 0;
  try {
    VisitFields(message, [&](const Field& field) {
      if (field.number != encoding.field) return;
      ++runs;
      if (field.type == WireType::kBytes) found = field.bytes;
    });
  } catch (const Error&) {
    return {};
  }
  const bool fits = runs == 1 && found.size() / ElementSize(dtype) == count &&
                    found.size() % ElementSize(dtype) == 0;
  return fits ? found : ByteView{};
}

std::vector<std::uint8_t> DecodeValues(TensorMessage message, DType dtype,
                                       Dims dims) {
  const ValueEncoding encoding = EncodingOf(dtype);
  if (encoding.field == 0) {
    ThrowUnsupported("V1 files have no field for values of dtype " +
                     DTypeName(dtype));
  }
  CheckAgrees(message, dtype, dims);
  // ByteCount proves that this product fits.
  const std::uint64_t size = ByteCount(dims, dtype);
  CheckCount(CountValues(message, encoding),
             ElementCount(dims) * encoding.values_per_element);
  std::vector<std::uint8_t> out;
  out.reserve(static_cast<std::size_t>(size));
  ArrayWriter writer(&out, dtype,
                     ElementSize(dtype) / encoding.values_per_element);
  VisitFields(message, [&](const Field& field) {
    if (field.Is(encoding.field, encoding.wire)) {
      writer.Add(field.number_value);
    } else if (field.Is(encoding.field, WireType::kBytes)) {
      if (encoding.wire == WireType::kVarint) {
        writer.AddPackedVarints(field.bytes);
      } else {
        writer.AddBytes(field.bytes);
      }
    }
  });
  return out;
}

std::vector<ByteView> DecodeStrings(TensorMessage message, Dims dims) {
  CheckAgrees(message, DType::kString, dims);
  std::vector<ByteView> values;
  VisitFields(message, [&](const Field& field) {
    if (field.Is(kStringValueField, WireType::kBytes))
      values.push_back(field.bytes);
  });
  CheckCount(values.size(), ElementCount(dims));
  return values;
}

}  // namespace fastckpt::internal
