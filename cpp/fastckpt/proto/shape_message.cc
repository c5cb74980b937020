#include "fastckpt/proto/shape_message.h"

#include "fastckpt/proto/fields.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {
namespace {

std::int64_t ParseDim(ByteView bytes) {
  std::int64_t size = 0;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      size = static_cast<std::int64_t>(field.number_value);
    }
  }
  return size;
}

}  // namespace

void MergeShape(ByteView bytes, ShapeMessage* shape) {
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(2, WireType::kBytes)) {
      const std::int64_t dim = ParseDim(field.bytes);
      if (++shape->rank <= kMaxRank) shape->dims.push_back(dim);
    } else if (field.Is(3, WireType::kVarint)) {
      shape->unknown_rank = field.number_value != 0;
    }
  }
}

ShapeMessage ParseShapeMessage(ByteView bytes) {
  ShapeMessage shape;
  MergeShape(bytes, &shape);
  return shape;
}

std::string ShapeBytes(const ShapeMessage& shape) {
  std::string bytes;
  for (const std::int64_t dim : shape.dims) {
    std::string inner;
    if (dim != 0) PutVarintField(&inner, 1, static_cast<std::uint64_t>(dim));
    PutBytesField(&bytes, 2, inner);
  }
  if (shape.unknown_rank) PutVarintField(&bytes, 3, 1);
  return bytes;
}

}  // namespace fastckpt::internal
