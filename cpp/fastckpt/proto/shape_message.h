// Shape message: the shape of a tensor as a file says it, unchecked; a part of
// other messages.
//
// Source: tensorflow/core/framework/tensor_shape.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// TensorShapeProto. Dimensions beyond kMaxRank are counted, not kept.
struct ShapeMessage {
  std::vector<std::int64_t> dims;
  std::size_t rank = 0;
  bool unknown_rank = false;
};

ShapeMessage ParseShapeMessage(ByteView bytes);
// Adds what `bytes` say, as protobuf merges a message that comes again: its
// dimensions follow those that are there.
void MergeShape(ByteView bytes, ShapeMessage* shape);
// The message's own bytes, without tag and size.
std::string ShapeBytes(const ShapeMessage& shape);

}  // namespace fastckpt::internal
