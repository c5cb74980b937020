// Messages: the two messages of a V2 index, read and written.
//
// Each Parse follows protobuf's rules (proto/fields.h) and throws Corruption;
// each Put writes the bytes TensorFlow writes: fields in number order, zeros
// left out, sub-messages present where TensorFlow always has them.
//
// Source: tensorflow/core/protobuf/tensor_bundle.proto.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/proto/shape_message.h"
#include "fastckpt/proto/version_message.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal {

// BundleHeaderProto, the value at the empty key of a V2 index.
struct BundleHeader {
  std::int32_t num_shards = 0;
  std::int32_t endianness = 0;  // 0 little, 1 big
  Version version;
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

BundleHeader ParseBundleHeader(ByteView bytes);
// Throws Unsupported for a version that is not read here, Corruption for a byte
// order that there is not.
void CheckBundleHeader(const BundleHeader& header);
void PutBundleHeader(std::string* out, const BundleHeader& header);

// Replaces what `*entry` held; its vectors keep their memory, for a loop over
// a hundred thousand entries should not allocate for each.
void ParseBundleEntry(ByteView bytes, BundleEntry* entry);
void PutBundleEntry(std::string* out, const BundleEntry& entry);

}  // namespace fastckpt::internal
