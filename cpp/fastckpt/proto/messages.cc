#include "fastckpt/proto/messages.h"

#include "fastckpt/base/error.h"
#include "fastckpt/proto/fields.h"
#include "fastckpt/proto/slice_message.h"

namespace fastckpt::internal {

BundleHeader ParseBundleHeader(ByteView bytes) {
  BundleHeader header;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      header.num_shards = ToInt32(field.number_value, "num_shards");
    } else if (field.Is(2, WireType::kVarint)) {
      header.endianness = ToInt32(field.number_value, "endianness");
    } else if (field.Is(3, WireType::kBytes)) {
      MergeVersion(field.bytes, &header.version);
    }
  }
  return header;
}

void CheckBundleHeader(const BundleHeader& header) {
  CheckVersion(header.version);
  if (header.endianness != 0 && header.endianness != 1) {
    ThrowCorruption("the header names byte order " +
                    std::to_string(header.endianness) +
                    "; 0 is little-endian, 1 big-endian");
  }
}

void PutBundleHeader(std::string* out, const BundleHeader& header) {
  if (header.num_shards != 0) {
    PutVarintField(out, 1, static_cast<std::uint64_t>(header.num_shards));
  }
  if (header.endianness != 0) {
    PutVarintField(out, 2, static_cast<std::uint64_t>(header.endianness));
  }
  PutBytesField(out, 3, VersionBytes(header.version));
}

void BundleEntry::Clear() {
  dtype = 0;
  shape.dims.clear();
  shape.rank = 0;
  shape.unknown_rank = false;
  shard_id = 0;
  offset = 0;
  size = 0;
  masked_crc32c = 0;
  slices.clear();
}

void ParseBundleEntry(ByteView bytes, BundleEntry* entry) {
  entry->Clear();
  MessageBudget budget(bytes);
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      entry->dtype = ToInt32(field.number_value, "dtype");
    } else if (field.Is(2, WireType::kBytes)) {
      MergeShape(field.bytes, &entry->shape);
    } else if (field.Is(3, WireType::kVarint)) {
      entry->shard_id = ToInt32(field.number_value, "shard_id");
    } else if (field.Is(4, WireType::kVarint)) {
      entry->offset = static_cast<std::int64_t>(field.number_value);
    } else if (field.Is(5, WireType::kVarint)) {
      entry->size = static_cast<std::int64_t>(field.number_value);
    } else if (field.Is(6, WireType::kFixed32)) {
      entry->masked_crc32c = static_cast<std::uint32_t>(field.number_value);
    } else if (field.Is(7, WireType::kBytes)) {
      AddSlice(field.bytes, &budget, &entry->slices);
    }
  }
}

void PutBundleEntry(std::string* out, const BundleEntry& entry) {
  const auto put = [out](std::uint32_t number, std::int64_t value) {
    if (value != 0) {
      PutVarintField(out, number, static_cast<std::uint64_t>(value));
    }
  };
  put(1, entry.dtype);
  PutBytesField(out, 2, ShapeBytes(entry.shape));
  put(3, entry.shard_id);
  put(4, entry.offset);
  put(5, entry.size);
  if (entry.masked_crc32c != 0) PutFixed32Field(out, 6, entry.masked_crc32c);
  for (const SliceSpec& slice : entry.slices) {
    PutBytesField(out, 7, SliceBytes(slice));
  }
}

}  // namespace fastckpt::internal
