// Messages: the few protocol buffer messages of an index, read and written.
//
// Each Parse follows protobuf's rules (wire/fields.h) and throws Corruption;
// each Put writes the bytes TensorFlow writes: fields in number order, zeros
// left out, sub-messages present where TensorFlow always has them.
//
// Source: tensorflow/core/protobuf/{tensor_bundle,saved_tensor_slice}.proto,
// core/framework/{tensor_shape,tensor_slice,versions}.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt {

// VersionDef.
struct Version {
  std::int32_t producer = 0;
  std::int32_t min_consumer = 0;
  std::vector<std::int32_t> bad_consumers;
};

// BundleHeaderProto, the value at the empty key of a V2 index.
struct BundleHeader {
  std::int32_t num_shards = 0;
  std::int32_t endianness = 0;  // 0 little, 1 big
  Version version;
};

// TensorShapeProto. Dimensions beyond kMaxRank are counted, not kept.
struct ShapeMessage {
  std::vector<std::int64_t> dims;
  std::size_t rank = 0;
  bool unknown_rank = false;
};

// BundleEntryProto.
struct BundleEntry {
  std::int32_t dtype = 0;
  ShapeMessage shape;
  std::int32_t shard_id = 0;
  std::int64_t offset = 0;
  std::int64_t size = 0;
  std::uint32_t masked_crc32c = 0;
  std::vector<SliceSpec> slices;

  void Clear();
};

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

BundleHeader ParseBundleHeader(ByteView bytes);
void PutBundleHeader(std::string* out, const BundleHeader& header);

// Replaces what `*entry` held; its vectors keep their memory, for a loop over
// a hundred thousand entries should not allocate for each.
void ParseBundleEntry(ByteView bytes, BundleEntry* entry);
void PutBundleEntry(std::string* out, const BundleEntry& entry);

ShapeMessage ParseShapeMessage(ByteView bytes);

SavedTensorSlices ParseSavedTensorSlices(ByteView bytes);
void PutSavedMeta(std::string* out, const SavedMeta& meta);
// Puts everything of a data record up to the TensorProto's own bytes, of which
// `data_size` follow.
void PutSavedSliceHead(std::string* out, std::string_view name,
                       const SliceSpec& slice, std::uint64_t data_size);

// Throws Unsupported when a reader of version 1 must not read what `version`
// says, and on a negative producer. Source: core/framework/versions.cc.
void CheckVersion(const Version& version);

}  // namespace fastckpt
