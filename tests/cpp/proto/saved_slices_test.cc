#include "fastckpt/proto/saved_slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fastckpt/proto/fields.h"
#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::saved_slices_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// FORMAT section 6.4: float [2] "a", int64 "b", int32 [4] "v" in two slices.
TEST(SavedSlices, V1MetaOfTensorFlowIsReadAndWrittenBack) {
  const std::string bytes = FromHex(
      "0a3b 0a0f0a01611204120208021801 22020a00 "
      "0a090a01621200180922000a190a0176"
      "120412020804180322040a02100222060a040802100212020801");
  const SavedTensorSlices record = ParseSavedTensorSlices(AsBytes(bytes));
  EXPECT_TRUE(record.has_meta);
  EXPECT_FALSE(record.has_data);
  ASSERT_EQ(record.meta.tensors.size(), 3u);
  EXPECT_EQ(record.meta.version.producer, 1);
  const SavedSliceMeta& last = record.meta.tensors[2];
  EXPECT_EQ(last.name, "v");
  EXPECT_EQ(last.dtype, 3);
  EXPECT_THAT(last.slices, ElementsAre(SliceSpec{{0, 2}}, SliceSpec{{2, 2}}));
  std::string again;
  PutSavedMeta(&again, record.meta);
  EXPECT_EQ(ToHex(AsBytes(again)), ToHex(AsBytes(bytes)));
}

TEST(SavedSlices, V1DataOfTensorFlowIsReadAndItsHeadWrittenBack) {
  const std::string bytes =
      FromHex("1211 0a0176 1206 0a0408021002 1a04 3a020304");
  const SavedTensorSlices record = ParseSavedTensorSlices(AsBytes(bytes));
  EXPECT_TRUE(record.has_data);
  EXPECT_FALSE(record.has_meta);
  EXPECT_EQ(record.data.name, "v");
  EXPECT_EQ(record.data.slice, (SliceSpec{{2, 2}}));
  ASSERT_EQ(record.data.data.size(), 1u);
  EXPECT_EQ(ToHex(record.data.data[0]), "3a020304");
  std::string head;
  PutSavedSliceHead(&head, "v", {{2, 2}}, 4);
  EXPECT_EQ(ToHex(AsBytes(head + FromHex("3a020304"))), ToHex(AsBytes(bytes)));
}

TEST(SavedSlices, RepeatedDataOfV1IsKeptInPieces) {
  const std::string bytes = FromHex("1204 1a02 3a00 1205 1a03 3a0105");
  const SavedTensorSlices record = ParseSavedTensorSlices(AsBytes(bytes));
  ASSERT_EQ(record.data.data.size(), 2u);
  EXPECT_EQ(ToHex(record.data.data[1]), "3a0105");
}

TEST(SavedSlices, TensorsBeyondWhatTheirBytesExplainAreUnsupported) {
  std::string rows;
  for (std::size_t i = 0; i < 400'000; ++i) rows += FromHex("0a00");
  std::string bytes;
  PutBytesField(&bytes, 1, rows);
  EXPECT_THAT(UnsupportedOf([&] { ParseSavedTensorSlices(AsBytes(bytes)); }),
              HasSubstr("far more slices or tensors"));
}

}  // namespace
}  // namespace fastckpt::internal::saved_slices_test
