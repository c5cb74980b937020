// Saved slices: the messages of a V1 file, read and written.
//
// Each Parse follows protobuf's rules (proto/fields.h) and throws Corruption;
// each Put writes the bytes TensorFlow writes: fields in number order, zeros
// left out, sub-messages present where TensorFlow always has them.
//
// Source: tensorflow/core/protobuf/saved_tensor_slice.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/proto/shape_message.h"
#include "fastckpt/proto/version_message.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal {

// SavedSliceMeta: one tensor of a V1 file.
struct SavedSliceMeta {
  std::string name;
  ShapeMessage shape;
  std::int32_t dtype = 0;
  std::vector<SliceSpec> slices;
};

// SavedTensorSliceMeta, the value at the empty key of a V1 file.
struct SavedMeta {
  std::vector<SavedSliceMeta> tensors;
  Version version;
};

// SavedSlice. `data` holds the pieces of a serialized TensorProto, which
// protobuf merges by joining them; they lie in the parsed bytes.
struct SavedSlice {
  std::string name;
  SliceSpec slice;
  std::vector<ByteView> data;
};

// SavedTensorSlices: `meta` at the empty key, `data` at every other.
struct SavedTensorSlices {
  bool has_meta = false;
  bool has_data = false;
  SavedMeta meta;
  SavedSlice data;
};

SavedTensorSlices ParseSavedTensorSlices(ByteView bytes);
void PutSavedMeta(std::string* out, const SavedMeta& meta);
// Puts everything of a data record up to the TensorProto's own bytes, of which
// `data_size` follow.
void PutSavedSliceHead(std::string* out, std::string_view name,
                       const SliceSpec& slice, std::uint64_t data_size);

}  // namespace fastckpt::internal
