#include "fastckpt/proto/slice_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::slice_message_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SliceMessage, SliceOverTheLimitOfDimensionsIsRefused) {
  std::string slice;
  for (std::size_t i = 0; i < kMaxRank + 1; ++i) slice += FromHex("0a00");
  SliceSpec parsed;
  MergeSlice(AsBytes(slice).first(2 * kMaxRank), &parsed);
  EXPECT_EQ(parsed.size(), kMaxRank);
  EXPECT_THAT(CorruptionOf([&] { MergeSlice(AsBytes(slice), &parsed); }),
              HasSubstr("more than 254 dimensions"));
}

// Whole; from 0 and from 2; of no element.
TEST(SliceMessage, ExtentsAreReadAndWrittenBack) {
  const std::string hex =
      "0a00"
      "0a021002"
      "0a0408021002"
      "0a021000";
  SliceSpec slice;
  MergeSlice(AsBytes(FromHex(hex)), &slice);
  EXPECT_THAT(slice, ElementsAre(Extent{0, -1}, Extent{0, 2}, Extent{2, 2},
                                 Extent{0, 0}));
  EXPECT_EQ(ToHex(AsBytes(SliceBytes(slice))), hex);
}

TEST(SliceMessage, ListedSlicesSpendTheMemoryTheyTake) {
  const std::string empty(1 << 20, '\0');
  MessageBudget budget(AsBytes(empty));
  std::vector<SliceSpec> slices;
  AddSlice(AsBytes(FromHex("0a021002")), &budget, &slices);
  EXPECT_THAT(slices, ElementsAre(SliceSpec{{0, 2}}));
  // 24 MiB are free, and each byte of the message explains two.
  const std::size_t taken = sizeof(SliceSpec) + 2 * sizeof(Extent);
  budget.Spend((26 << 20) - taken);
  budget.Spend(0);
  EXPECT_THAT(UnsupportedOf([&] { budget.Spend(1); }),
              HasSubstr("far more slices or tensors"));
  EXPECT_THAT(UnsupportedOf([&] { AddSlice({}, &budget, &slices); }),
              HasSubstr("far more slices or tensors"));
  EXPECT_EQ(slices.size(), 1u);
}

}  // namespace
}  // namespace fastckpt::internal::slice_message_test
