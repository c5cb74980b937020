#include "fastckpt/proto/saved_slices.h"

#include "fastckpt/proto/fields.h"
#include "fastckpt/proto/slice_message.h"

namespace fastckpt::internal {
namespace {

SavedSliceMeta ParseSavedSliceMeta(ByteView bytes, MessageBudget* budget) {
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
  MessageBudget budget(bytes);
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

}  // namespace

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
  PutBytesField(&body, 2, VersionBytes(meta.version));
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

}  // namespace fastckpt::internal
