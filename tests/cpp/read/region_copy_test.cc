#include "fastckpt/read/region_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "fastckpt/read/bundle_source.h"
#include "fastckpt/read/v1_source.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/bundles.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/refusal.h"

namespace fastckpt::internal::region_copy_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Ints = std::vector<std::int32_t>;

enum class Format { kV1, kV2 };

struct Way {
  Format format;
  IoMode mode;
};

std::uint8_t* BytesOf(Ints* values) {
  return reinterpret_cast<std::uint8_t*>(values->data());
}

// int32 tensors "v" [4, 3], stored as two slices of two rows, and "w" [2, 2].
class RegionCopyTest : public ::testing::TestWithParam<Way> {
 protected:
  RegionCopyTest() {
    const std::vector<TensorInput> inputs = {
        AsSlice(MakeInput("v", DType::kInt32, {2, 3}, first_rows_), {4, 3},
                {{0, 2}, {0, -1}}),
        AsSlice(MakeInput("v", DType::kInt32, {2, 3}, last_rows_), {4, 3},
                {{2, 2}, {0, -1}}),
        MakeInput("w", DType::kInt32, {2, 2}, square_)};
    const std::string path = folder_.Path("m");
    if (GetParam().format == Format::kV1) {
      V1Writer writer(path, /*sync=*/false);
      writer.Add(inputs);
      writer.Finish();
      source_ = std::make_unique<V1Source>(std::vector{path}, GetParam().mode);
    } else {
      BundleWriter writer(path, {});
      writer.Add(inputs);
      writer.Finish();
      source_ =
          std::make_unique<BundleSource>(path, GetParam().mode, UINT64_MAX);
    }
  }

  const Folder folder_;
  const Ints first_rows_ = {1, 2, 3, 4, 5, 6};
  const Ints last_rows_ = {7, 8, 9, 10, 11, 12};
  const Ints square_ = {-1, -2, -3, -4};
  std::unique_ptr<TensorSource> source_;
};

INSTANTIATE_TEST_SUITE_P(EachWay, RegionCopyTest,
                         ::testing::Values(Way{Format::kV1, IoMode::kMap},
                                           Way{Format::kV1, IoMode::kRead},
                                           Way{Format::kV2, IoMode::kMap},
                                           Way{Format::kV2, IoMode::kRead}));

// All of "w", dense and transposed; all of "v"; every second column of its
// rows 1 to 3, of which one lies in the first slice.
TEST_P(RegionCopyTest, RegionsGoToTheirDestinations) {
  const std::size_t v = *source_->Find("v");
  const std::size_t w = *source_->Find("w");
  const Region part = {{1, 3, 1}, {0, 2, 2}};
  const std::vector<WantedRegion> wanted = {
      {w, nullptr}, {v, &part}, {w, nullptr}, {v, nullptr}};
  for (const bool check : {true, false}) {
    std::vector<Ints> found = {Ints(4), Ints(6), Ints(4), Ints(12)};
    const std::vector<std::vector<std::int64_t>> strides = {
        {8, 4}, {8, 4}, {4, 8}, {12, 4}};
    CopyRegions(
        *source_, wanted, check ? CheckRule::kOnce : CheckRule::kNever,
        [&](std::size_t i) {
          return Destination{BytesOf(&found[i]), strides[i]};
        },
        RunOptions());
    EXPECT_THAT(found[0], ElementsAre(-1, -2, -3, -4));
    EXPECT_THAT(found[1], ElementsAre(4, 6, 7, 9, 10, 12));
    EXPECT_THAT(found[2], ElementsAre(-1, -3, -2, -4));
    Ints all(12);
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(found[3], all);
  }
}

TEST_P(RegionCopyTest, PiecesThatARegionDoesNotTouchAreNotAskedFor) {
  const Region last_row = {{3, 1, 1}, {0, 3, 1}};
  std::vector<Piece> pieces;
  SeenFiles seen;
  AppendPieces(*source_, {*source_->Find("v"), &last_row}, CheckRule::kOnce,
               &seen, &pieces);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_THAT(pieces[0].box.begin, ElementsAre(2, 0));
}

TEST_P(RegionCopyTest, NothingWantedIsNothingDone) {
  CopyRegions(
      *source_, {}, CheckRule::kOnce,
      [](std::size_t) -> Destination {
        ADD_FAILURE() << "there is no region";
        return {};
      },
      RunOptions());
}

TEST_P(RegionCopyTest, WhatIsCheckedBeforeItIsCopiedIsCountedOnce) {
  const std::vector<WantedRegion> wanted = {{*source_->Find("w"), nullptr},
                                            {*source_->Find("v"), nullptr}};
  Progress progress;
  RunOptions options;
  options.progress = &progress;
  options.counted = CheckRegions(*source_, wanted, CheckRule::kOnce, options);
  const std::uint64_t total = progress.total;
  EXPECT_EQ(progress.done, total - options.counted);
  Ints found(4 + 12);
  CopyRegions(
      *source_, wanted, CheckRule::kOnce,
      [&](std::size_t i) {
        return i == 0 ? Destination{BytesOf(&found), {8, 4}}
                      : Destination{BytesOf(&found) + 16, {12, 4}};
      },
      options);
  EXPECT_EQ(found[0], -1);
  EXPECT_EQ(progress.done, progress.total);
  if (GetParam().format == Format::kV2) {
    EXPECT_EQ(progress.total, total);
  }
}

// Bundles of one entry, made by hand.
class BundleRegionCopyTest : public ::testing::Test {
 protected:
  // Copies all of "w", two numbers.
  Ints Copy(const BundleEntry& entry, const std::string& data, bool check,
            const BundleHeader& header = OneShard()) {
    WriteBundle(folder_, "m", {{"w", entry}}, data, header);
    const BundleSource source(folder_.Path("m"), IoMode::kMap, UINT64_MAX);
    Ints found(2);
    const WantedRegion wanted{*source.Find("w"), nullptr};
    CopyRegions(
        source, {&wanted, 1}, check ? CheckRule::kOnce : CheckRule::kNever,
        [&](std::size_t) {
          ++made_;
          return Destination{BytesOf(&found), {4}};
        },
        RunOptions());
    return found;
  }

  const Folder folder_;
  const std::string data_ = std::string("\x01\0\0\0\x02\0\0\0", 8);
  const BundleEntry entry_ = MakeEntry(DType::kInt32, {2}, 0, data_);
  int made_ = 0;
};

TEST_F(BundleRegionCopyTest, DestinationIsMadeOnce) {
  EXPECT_THAT(Copy(entry_, data_, true), ElementsAre(1, 2));
  EXPECT_EQ(made_, 1);
}

TEST_F(BundleRegionCopyTest, DestinationIsNotMadeForATensorThatIsNotThere) {
  BundleEntry entry = entry_;
  entry.offset = 1;
  const std::string refusal = CorruptionOf([&] { Copy(entry, data_, true); });
  EXPECT_THAT(refusal, HasSubstr("tensor 'w'"));
  EXPECT_THAT(refusal, HasSubstr("the file has 8"));
  EXPECT_EQ(made_, 0);
}

TEST_F(BundleRegionCopyTest, DamageIsSeenOnlyByACopyThatChecks) {
  std::string damaged = data_;
  damaged[4] = '\x03';
  EXPECT_THAT(CorruptionOf([&] { Copy(entry_, damaged, true); }),
              HasSubstr("tensor 'w'"));
  EXPECT_THAT(Copy(entry_, damaged, false), ElementsAre(1, 3));
}

TEST_F(BundleRegionCopyTest, BytesOfTheOtherOrderAreSwapped) {
  BundleHeader header = OneShard();
  header.endianness = 1;
  EXPECT_THAT(Copy(entry_, data_, true, header),
              ElementsAre(0x01000000, 0x02000000));
}

// "w" of 256 KiB in pieces of its own rule: how often a damaged byte far from
// what is copied is seen.
class CheckRuleTest : public ::testing::Test {
 protected:
  CheckRuleTest() {
    WriteBundle(folder_, "m",
                {{"w", MakeEntry(DType::kInt32, {1 << 16}, 0, data_)}}, data_);
    source_ = std::make_unique<BundleSource>(folder_.Path("m"), IoMode::kMap,
                                             UINT64_MAX);
  }

  // Copies elements [begin, begin + count).
  void Copy(std::int64_t begin, std::int64_t count, CheckRule rule) const {
    const Region part = {{begin, count, 1}};
    const WantedRegion wanted{0, &part};
    Ints found(static_cast<std::size_t>(count));
    CopyRegions(
        *source_, {&wanted, 1}, rule,
        [&](std::size_t) {
          return Destination{BytesOf(&found), {4}};
        },
        RunOptions());
  }

  bool IsDone() const {
    SeenFiles seen;
    const Piece piece = source_->StoredPiece(0, &seen);
    return piece.state->IsDone(piece.stamp);
  }

  void Damage() const {
    std::string damaged = data_;
    damaged[100] = 'y';
    folder_.Write("m.data-00000-of-00001", damaged);
  }

  const Folder folder_;
  const std::string data_ = std::string(1 << 18, 'x');
  std::unique_ptr<BundleSource> source_;
};

TEST_F(CheckRuleTest, SmallPartIsCopiedAfterAllOfThePieceWasChecked) {
  EXPECT_FALSE(IsDone());
  Copy(9000, 1, CheckRule::kOnce);
  EXPECT_TRUE(IsDone());
}

TEST_F(CheckRuleTest, LargePartAndWholeAreCheckedOnTheWay) {
  Copy(9000, 1 << 15, CheckRule::kOnce);
  EXPECT_TRUE(IsDone());
}

TEST_F(CheckRuleTest, PartIsNotCheckedWhereOnlyTheWholeIs) {
  Damage();
  Copy(9000, 1 << 15, CheckRule::kWhole);
  EXPECT_FALSE(IsDone());
  EXPECT_THROW(Copy(0, 1 << 16, CheckRule::kWhole), Error);
}

TEST_F(CheckRuleTest, DamagedPieceGivesNoPartOfIt) {
  Damage();
  for (int again = 0; again < 2; ++again) {
    EXPECT_THROW(Copy(9000, 1, CheckRule::kOnce), Error);
    EXPECT_THROW(Copy(9000, 1 << 15, CheckRule::kFirst), Error);
  }
  EXPECT_FALSE(IsDone());
  Copy(9000, 1, CheckRule::kNever);
}

// 128 MiB of decoded values at most: of tensors of 8 MiB sixteen at a time.
TEST(V1RegionCopy, DecodedTensorsAreCopiedInBatches) {
  constexpr std::size_t kWanted = 20;
  const Folder folder;
  {
    const Ints values(2 << 20, 7);
    V1Writer writer(folder.Path("m"), /*sync=*/false);
    writer.Add({MakeInput("big", DType::kInt32, {2 << 20}, values)});
    writer.Finish();
  }
  const V1Source source({folder.Path("m")}, IoMode::kMap);
  const Region one = {{1, 1, 1}};
  const std::vector<WantedRegion> wanted(kWanted, {0, &one});
  Ints found(kWanted);
  std::vector<std::ptrdiff_t> copied_before;
  CopyRegions(
      source, wanted, CheckRule::kOnce,
      [&](std::size_t i) {
        copied_before.push_back(std::count(found.begin(), found.end(), 7));
        return Destination{BytesOf(&found) + 4 * i, {4}};
      },
      RunOptions());
  std::vector<std::ptrdiff_t> expected(kWanted, 0);
  std::fill(expected.begin() + 16, expected.end(), 16);
  EXPECT_EQ(copied_before, expected);
  EXPECT_EQ(found, Ints(kWanted, 7));
}

}  // namespace
}  // namespace fastckpt::internal::region_copy_test
