#include "fastckpt/read/tensor_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::tensor_source_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Vector = std::vector<std::int64_t>;

const std::vector<Box> kHalves = {{{0, 0}, {2, 4}}, {{2, 0}, {2, 4}}};

TEST(TensorSource, ArrayNeedsADtypeAKnownRankAndACount) {
  CheckArray(DType::kFloat, 2, false, Vector{2, 3});
  EXPECT_THAT(
      CorruptionOf([] { CheckArray(DType::kInvalid, 0, false, Vector{}); }),
      HasSubstr("dtype 0"));
  EXPECT_THAT(
      CorruptionOf([] { CheckArray(DType::kFloat, 0, true, Vector{}); }),
      HasSubstr("no known rank"));
  EXPECT_THAT(UnsupportedOf(
                  [] { CheckArray(DType::kFloat, 65, false, Vector(65, 1)); }),
              HasSubstr("65 dimensions"));
  // Strings have no width, but 2^64 of them are too many all the same.
  EXPECT_NE(
      CorruptionOf([] {
        CheckArray(DType::kString, 2, false, Vector{1LL << 32, 1LL << 32});
      }),
      "accepted");
}

TEST(TensorSource, SlicesAreResolvedAndProvedDisjoint) {
  const SliceSpec first = {{0, 2}, {0, -1}};
  const SliceSpec second = {{2, 2}, {0, -1}};
  const std::vector<Box> boxes = ResolveSlices({first, second}, Vector{4, 4});
  ASSERT_EQ(boxes.size(), 2u);
  EXPECT_THAT(boxes[1].begin, ElementsAre(2, 0));
  EXPECT_THAT(CorruptionOf([&] {
                ResolveSlices({first, {{1, 2}, {3, 1}}}, Vector{4, 4});
              }),
              HasSubstr("slices 0,2:- and 1,2:3,1 overlap"));
}

TEST(TensorSource, SlicesOfNoElementsMayRepeat) {
  const SliceSpec whole = {{0, -1}, {0, -1}};
  EXPECT_EQ(ResolveSlices({whole, whole}, Vector{0, 4}).size(), 2u);
}

TEST(TensorSource, ElementsOfARegionInABoxAreCounted) {
  EXPECT_EQ(CountInside(kHalves[1], {{0, 4, 1}, {0, 4, 1}}), 8u);
  EXPECT_EQ(CountInside(kHalves[1], {{1, 2, 2}, {1, 2, 1}}), 2u);
  EXPECT_EQ(CountInside(kHalves[1], {{0, 2, 1}, {0, 4, 1}}), 0u);
}

TEST(TensorSource, HolesInARegionAreRefusedHolesElsewhereAreNot) {
  CheckCovered(kHalves, {{0, 4, 1}, {0, 4, 1}});
  CheckCovered({kHalves[1]}, {{2, 2, 1}, {0, 4, 1}});
  EXPECT_THAT(CorruptionOf([] {
                CheckCovered({kHalves[1]}, {{1, 3, 1}, {0, 4, 1}});
              }),
              HasSubstr("hold 8 of the 12 elements"));
}

TEST(TensorSource, FileIsSeenUnchangedOncePerCall) {
  const Folder folder;
  folder.Write("f", "0123456789");
  const DataFile file(folder.Path("f"), IoMode::kRead);
  SeenFiles seen;
  seen.CheckStamp(file);
  std::filesystem::resize_file(folder.Path("f"), 5);
  seen.CheckStamp(file);
  SeenFiles next_call;
  EXPECT_THAT(CorruptionOf([&] { next_call.CheckStamp(file); }),
              HasSubstr("had 10 bytes"));
}

TEST(TensorSource, FileWhoseSizeWasSeenIsAskedForItsStamp) {
  const Folder folder;
  folder.Write("f", "0123456789");
  const DataFile file(folder.Path("f"), IoMode::kRead);
  SeenFiles seen;
  seen.CheckSize(file);
  EXPECT_EQ(seen.CheckStamp(file), file.file().CheckStamp());
  std::filesystem::resize_file(folder.Path("f"), 5);
  seen.CheckSize(file);
  SeenFiles next_call;
  EXPECT_THAT(CorruptionOf([&] { next_call.CheckSize(file); }),
              HasSubstr("had 10 bytes"));
}

TEST(TensorSource, WhatASourceHasSeenIsRecalled) {
  SeenFiles seen;
  EXPECT_EQ(*seen.Recall<int>(), 0);
  *seen.Recall<int>() = 7;
  EXPECT_EQ(*seen.Recall<int>(), 7);
}

TEST(TensorSource, WhatAnotherKindOfSourceHasSeenIsNot) {
  SeenFiles seen;
  *seen.Recall<int>() = 7;
  EXPECT_EQ(*seen.Recall<bool>(), false);
  EXPECT_EQ(*seen.Recall<int>(), 0);
}

}  // namespace
}  // namespace fastckpt::internal::tensor_source_test
