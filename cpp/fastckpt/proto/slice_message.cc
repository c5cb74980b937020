#include "fastckpt/proto/slice_message.h"

#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/fields.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {
namespace {

// Of the tensors that are partitioned.
constexpr std::size_t kUsualRank = 2;

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

}  // namespace

void MessageBudget::Spend(std::size_t bytes) {
  if (bytes > left_) {
    ThrowUnsupported(
        "a message lists far more slices or tensors, or objects, than its "
        "bytes explain");
  }
  left_ -= bytes;
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

void AddSlice(ByteView bytes, MessageBudget* budget,
              std::vector<SliceSpec>* slices) {
  SliceSpec slice;
  slice.reserve(kUsualRank);
  MergeSlice(bytes, &slice);
  budget->Spend(sizeof slice + slice.capacity() * sizeof slice[0]);
  slices->push_back(std::move(slice));
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

}  // namespace fastckpt::internal
