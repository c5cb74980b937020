#include "fastckpt/wire/messages.h"

#include <algorithm>

#include "fastckpt/base/error.h"
#include "fastckpt/wire/fields.h"

namespace fastckpt {
namespace {

// kTensorBundleVersion and TF_CHECKPOINT_VERSION.
constexpr std::int32_t kConsumerVersion = 1;
// Of the tensors that are partitioned.
constexpr std::size_t kUsualRank = 2;

// What a message may become in memory: a slice or a tensor without contents
// takes two bytes in a file and grows by far more than others do.
class Budget {
 public:
  explicit Budget(ByteView message) : left_(2 * message.size() + kFree) {}

  void Spend(std::size_t bytes) {
    if (bytes > left_) {
      ThrowUnsupported(
          "a message lists far more slices or tensors than its bytes explain");
    }
    left_ -= bytes;
  }

 private:
  static constexpr std::size_t kFree = 24 << 20;

  std::size_t left_;
};

void ParsePackedInt32s(ByteView bytes, std::vector<std::int32_t>* values) {
  Cursor cursor(bytes);
  while (!cursor.AtEnd()) {
    std::uint64_t value = 0;
    if (!cursor.TakeVarint64(&value)) ThrowCorruption("a packed number is cut");
    values->push_back(ToInt32(value, "version"));
  }
}

void MergeVersion(ByteView bytes, Version* version) {
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      version->producer = ToInt32(field.number_value, "producer");
    } else if (field.Is(2, WireType::kVarint)) {
      version->min_consumer = ToInt32(field.number_value, "min_consumer");
    } else if (field.Is(3, WireType::kVarint)) {
      version->bad_consumers.push_back(ToInt32(field.number_value, "version"));
    } else if (field.Is(3, WireType::kBytes)) {
      ParsePackedInt32s(field.bytes, &version->bad_consumers);
    }
  }
}

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

Extent ParseExtent(ByteView bytes) {
  Extent extent;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kVarint)) {
      extent.start = static_cast<std::int64_t>(field.number_value);
    } else if (field.Is(2, WireType::kVarint)) {
      extent.length = static_cast<std::int64_t>(field.number_value);
    }
  }
  return extent;
}

void MergeSlice(ByteView bytes, SliceSpec* slice) {
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (!field.Is(1, WireType::kBytes)) continue;
    if (slice->size() == kMaxRank) {
      ThrowCorruption("a slice has more than 254 dimensions");
    }
    slice->push_back(ParseExtent(field.bytes));
  }
}

void AddSlice(ByteView bytes, Budget* budget, std::vector<SliceSpec>* slices) {
  SliceSpec slice;
  slice.reserve(kUsualRank);
  MergeSlice(bytes, &slice);
  budget->Spend(sizeof slice + slice.capacity() * sizeof slice[0]);
  slices->push_back(std::move(slice));
}

SavedSliceMeta ParseSavedSliceMeta(ByteView bytes, Budget* budget) {
  SavedSliceMeta meta;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kBytes)) {
      meta.name = AsText(field.bytes);
    } else if (field.Is(2, WireType::kBytes)) {
      MergeShape(field.bytes, &meta.shape);
    } else if (field.Is(3, WireType::kVarint)) {
      meta.dtype = ToInt32(field.number_value, "dtype");
    } else if (field.Is(4, WireType::kBytes)) {
      AddSlice(field.bytes, budget, &meta.slices);
    }
  }
  return meta;
}

void MergeSavedMeta(ByteView bytes, SavedMeta* meta) {
  Budget budget(bytes);
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kBytes)) {
      budget.Spend(sizeof meta->tensors[0]);
      meta->tensors.push_back(ParseSavedSliceMeta(field.bytes, &budget));
    } else if (field.Is(2, WireType::kBytes)) {
      MergeVersion(field.bytes, &meta->version);
    }
  }
}

void MergeSavedSlice(ByteView bytes, SavedSlice* slice) {
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kBytes)) {
      slice->name = AsText(field.bytes);
    } else if (field.Is(2, WireType::kBytes)) {
      MergeSlice(field.bytes, &slice->slice);
    } else if (field.Is(3, WireType::kBytes)) {
      slice->data.push_back(field.bytes);
    }
  }
}

void PutVersion(std::string* out, const Version& version) {
  const auto put = [out](std::uint32_t number, std::int32_t value) {
    if (value != 0) {
      PutVarintField(out, number, static_cast<std::uint64_t>(value));
    }
  };
  put(1, version.producer);
  put(2, version.min_consumer);
  if (version.bad_consumers.empty()) return;
  std::string packed;
  for (const std::int32_t bad : version.bad_consumers) {
    PutVarint64(&packed, static_cast<std::uint64_t>(bad));
  }
  PutBytesField(out, 3, packed);
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

std::string SliceBytes(const SliceSpec& slice) {
  std::string bytes;
  for (const Extent& extent : slice) {
    std::string inner;
    if (!extent.IsWhole()) {
      if (extent.start != 0) {
        PutVarintField(&inner, 1, static_cast<std::uint64_t>(extent.start));
      }
      PutVarintField(&inner, 2, static_cast<std::uint64_t>(extent.length));
    }
    PutBytesField(&bytes, 1, inner);
  }
  return bytes;
}

}  // namespace

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

void PutBundleHeader(std::string* out, const BundleHeader& header) {
  if (header.num_shards != 0) {
    PutVarintField(out, 1, static_cast<std::uint64_t>(header.num_shards));
  }
  if (header.endianness != 0) {
    PutVarintField(out, 2, static_cast<std::uint64_t>(header.endianness));
  }
  std::string version;
  PutVersion(&version, header.version);
  PutBytesField(out, 3, version);
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
  Budget budget(bytes);
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

ShapeMessage ParseShapeMessage(ByteView bytes) {
  ShapeMessage shape;
  MergeShape(bytes, &shape);
  return shape;
}

SavedTensorSlices ParseSavedTensorSlices(ByteView bytes) {
  SavedTensorSlices record;
  FieldReader reader(bytes);
  for (Field field; reader.Next(&field);) {
    if (field.Is(1, WireType::kBytes)) {
      record.has_meta = true;
      MergeSavedMeta(field.bytes, &record.meta);
    } else if (field.Is(2, WireType::kBytes)) {
      record.has_data = true;
      MergeSavedSlice(field.bytes, &record.data);
    }
  }
  return record;
}

void PutSavedMeta(std::string* out, const SavedMeta& meta) {
  std::string body;
  for (const SavedSliceMeta& tensor : meta.tensors) {
    std::string row;
    if (!tensor.name.empty()) PutBytesField(&row, 1, tensor.name);
    PutBytesField(&row, 2, ShapeBytes(tensor.shape));
    if (tensor.dtype != 0) {
      PutVarintField(&row, 3, static_cast<std::uint64_t>(tensor.dtype));
    }
    for (const SliceSpec& slice : tensor.slices) {
      PutBytesField(&row, 4, SliceBytes(slice));
    }
    PutBytesField(&body, 1, row);
  }
  std::string version;
  PutVersion(&version, meta.version);
  PutBytesField(&body, 2, version);
  PutBytesField(out, 1, body);
}

void PutSavedSliceHead(std::string* out, std::string_view name,
                       const SliceSpec& slice, std::uint64_t data_size) {
  std::string body;
  if (!name.empty()) PutBytesField(&body, 1, name);
  PutBytesField(&body, 2, SliceBytes(slice));
  PutTag(&body, 3, WireType::kBytes);
  PutVarint64(&body, data_size);
  PutTag(out, 2, WireType::kBytes);
  PutVarint64(out, body.size() + data_size);
  out->append(body);
}

void CheckVersion(const Version& version) {
  if (version.producer < 0) {
    ThrowUnsupported("producer version " + std::to_string(version.producer) +
                     " is below 0");
  }
  if (version.min_consumer > kConsumerVersion) {
    ThrowUnsupported("the file asks for a reader of version " +
                     std::to_string(version.min_consumer) +
                     "; this one is version 1");
  }
  const auto& bad = version.bad_consumers;
  if (std::find(bad.begin(), bad.end(), kConsumerVersion) != bad.end()) {
    ThrowUnsupported(
        "the file names readers of version 1 as unable to read it");
  }
}

}  // namespace fastckpt
