#include "fastckpt/read/bundle_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "testing/bundles.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::bundle_source_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using EntryMap = std::map<std::string, BundleEntry>;

const std::string kData = "0123456789abcdefghijklmn";  // 24 bytes

class BundleSourceTest : public ::testing::TestWithParam<IoMode> {
 protected:
  BundleSource Open(const EntryMap& entries,
                    const BundleHeader& header = OneShard()) const {
    WriteBundle(folder_, "m", entries, kData, header);
    return BundleSource(folder_.Path("m"), GetParam(), UINT64_MAX);
  }

  // What is said about the one entry "w" when its bytes are wanted.
  std::string RefusalOf(const BundleEntry& entry,
                        ErrorKind kind = ErrorKind::kCorruption) const {
    const BundleSource source = Open({{"w", entry}});
    return Refusal(kind, [&] { PiecesOf(source, "w"); });
  }

  static std::vector<Piece> PiecesOf(const BundleSource& source,
                                     const std::string& name,
                                     const Region* region = nullptr) {
    std::vector<Piece> pieces;
    SeenFiles seen;
    source.AppendPieces(*source.Find(name), region, CheckRule::kOnce, &seen,
                        &pieces);
    return pieces;
  }

  static std::string BytesOf(const Piece& piece) {
    Scratch scratch;
    return std::string(AsText(piece.file->Fetch(
        piece.offset, static_cast<std::size_t>(piece.size), &scratch)));
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, BundleSourceTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

BundleEntry Good() {
  return MakeEntry(DType::kInt32, {2}, 8, kData.substr(8, 8));
}

TEST_P(BundleSourceTest, PlainTensorIsOnePieceOfItsShard) {
  const BundleSource source = Open({{"w", Good()}});
  const std::vector<Piece> pieces = PiecesOf(source, "w");
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(BytesOf(pieces[0]), "89abcdef");
  EXPECT_TRUE(pieces[0].box.extent.empty());  // all of the tensor
  EXPECT_EQ(source.IsView(0), GetParam() == IoMode::kMap);
  EXPECT_EQ(source.OpenFiles().size(), 1u);
}

TEST_P(BundleSourceTest, NoDataFileIsOpenedBeforeBytesAreWanted) {
  const BundleSource source = Open({{"w", Good()}});
  std::filesystem::remove(folder_.Path("m.data-00000-of-00001"));
  source.CheckMeaning(0);
  EXPECT_EQ(source.Places(0)[0].offset, 8u);
  EXPECT_TRUE(source.OpenFiles().empty());
  EXPECT_THAT(SystemErrorOf([&] { PiecesOf(source, "w"); }),
              HasSubstr("m.data-00000-of-00001"));
}

TEST_P(BundleSourceTest, SizeMustBeTheShapes) {
  BundleEntry entry = Good();
  for (const std::int64_t size : {7, 9, 0, 16}) {
    entry.size = size;
    EXPECT_THAT(RefusalOf(entry),
                HasSubstr("the entry's size is " + std::to_string(size) +
                          " bytes, its shape [2] of int32 takes 8"));
  }
}

TEST_P(BundleSourceTest, PlaceMustLieInTheShard) {
  BundleEntry entry = Good();
  entry.offset = 16;
  EXPECT_EQ(RefusalOf(entry), "accepted");
  entry.offset = 17;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("the file has 24"));
  for (const std::int64_t offset :
       {std::int64_t{-1}, std::int64_t{INT64_MIN}, std::int64_t{INT64_MAX}}) {
    entry.offset = offset;
    EXPECT_THAT(RefusalOf(entry), HasSubstr("is no place in a file"));
  }
  entry.offset = INT64_MAX - 8;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("the file has 24"));
}

TEST_P(BundleSourceTest, ShardMustBeOneOfTheHeaders) {
  BundleEntry entry = Good();
  for (const std::int32_t shard : {-1, 1, INT32_MAX, INT32_MIN}) {
    entry.shard_id = shard;
    EXPECT_THAT(RefusalOf(entry), HasSubstr("shard " + std::to_string(shard) +
                                            " of 1 does not exist"));
  }
}

TEST_P(BundleSourceTest, ShapesThatAreNoneAreRefused) {
  BundleEntry entry = Good();
  entry.shape.dims = {-2};
  EXPECT_THAT(RefusalOf(entry), HasSubstr("negative dimension"));
  entry.shape.dims = {0, INT64_MAX, INT64_MAX};
  EXPECT_THAT(RefusalOf(entry), HasSubstr("2^63-1 elements"));
  entry.shape.dims = {1LL << 61};
  EXPECT_THAT(RefusalOf(entry), HasSubstr("2^63-1 bytes"));
  entry.shape.dims = {2};
  entry.shape.unknown_rank = true;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("no known rank"));
  entry = Good();
  entry.shape.dims.assign(65, 1);
  EXPECT_THAT(RefusalOf(entry, ErrorKind::kUnsupported),
              HasSubstr("NumPy ends at 64"));
}

TEST_P(BundleSourceTest, DtypesThatAreNoneAreRefused) {
  BundleEntry entry = Good();
  entry.dtype = 103;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("dtype 103"));
  entry.dtype = 0;
  EXPECT_THAT(RefusalOf(entry), HasSubstr("dtype 0"));
  entry.dtype = 21;
  EXPECT_THAT(RefusalOf(entry, ErrorKind::kUnsupported), HasSubstr("variant"));
  entry.dtype = 77;
  EXPECT_THAT(RefusalOf(entry, ErrorKind::kUnsupported), HasSubstr("newer"));
}

TEST_P(BundleSourceTest, BigEndianBundlesAreSwappedAndNoViews) {
  BundleHeader header = OneShard();
  header.endianness = 1;
  const BundleSource source =
      Open({{"c", MakeEntry(DType::kComplex64, {1}, 0, "01234567")}}, header);
  EXPECT_FALSE(source.IsView(0));
  EXPECT_EQ(source.LayoutOf(0).item_size, 8u);
  EXPECT_EQ(source.LayoutOf(0).swap_unit, 4u);
}

TEST_P(BundleSourceTest, ReadyViewIsThereOnceTheBytesWereChecked) {
  const BundleSource source = Open({{"w", Good()}});
  SeenFiles seen;
  EXPECT_FALSE(source.ReadyView(0, true, &seen));
  const Piece piece = PiecesOf(source, "w")[0];
  ASSERT_EQ(piece.state->TryClaim(piece.stamp), CheckState::Claim::kMine);
  piece.state->Finish(true, piece.stamp);
  const auto view = source.ReadyView(0, true, &seen);
  ASSERT_EQ(view.has_value(), GetParam() == IoMode::kMap);
  if (!view) return;
  EXPECT_EQ(AsText(view->bytes), "89abcdef");
}

TEST_P(BundleSourceTest, ReplacedIndexIsNoticedWhenAShardIsFirstOpened) {
  const BundleSource source = Open({{"w", Good()}});
  WriteBundle(folder_, "n", {{"w", Good()}}, kData);
  std::filesystem::rename(folder_.Path("n.index"), folder_.Path("m.index"));
  EXPECT_THAT(CorruptionOf([&] { PiecesOf(source, "w"); }),
              HasSubstr("the index was replaced"));
}

TEST_P(BundleSourceTest, CutShardIsNoticedBeforeBytesAreHandedOut) {
  const BundleSource source = Open({{"w", Good()}});
  PiecesOf(source, "w");
  std::filesystem::resize_file(folder_.Path("m.data-00000-of-00001"), 10);
  EXPECT_THAT(CorruptionOf([&] { PiecesOf(source, "w"); }),
              HasSubstr("had 24 bytes when it was opened and has 10 now"));
}

// "v", int32 [4], of which [0, 2) and [2, 4) are stored.
class SlicedSourceTest : public BundleSourceTest {
 protected:
  SlicedSourceTest() {
    BundleEntry& full = entries_["v"] = MakeEntry(DType::kInt32, {4}, 0, "");
    full.slices = {{{0, 2}}, {{2, 2}}};
    Part(0) = MakeEntry(DType::kInt32, {2}, 0, kData.substr(0, 8));
    Part(1) = MakeEntry(DType::kInt32, {2}, 16, kData.substr(16, 8));
  }

  BundleEntry& Part(std::size_t i) {
    return entries_[SliceKey("v", entries_["v"].slices[i])];
  }

  std::string WhyNot() const {
    const BundleSource source = Open(entries_);
    EXPECT_NE(CorruptionOf([&] { source.CheckMeaning(*source.Find("v")); }),
              "accepted");
    return CorruptionOf([&] { PiecesOf(source, "v"); });
  }

  EntryMap entries_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, SlicedSourceTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(SlicedSourceTest, EachSliceIsAPieceWithItsPlace) {
  const BundleSource source = Open(entries_);
  const std::vector<Piece> pieces = PiecesOf(source, "v");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_THAT(pieces[1].box.begin, ElementsAre(2));
  EXPECT_EQ(BytesOf(pieces[1]), "ghijklmn");
  EXPECT_FALSE(source.IsView(*source.Find("v")));
  EXPECT_EQ(source.Facts(*source.Find("v")).size, 16u);
  EXPECT_EQ(source.tensor_count(), 1u);
}

TEST_P(SlicedSourceTest, RegionNeedsOnlyTheSlicesItTouches) {
  const BundleSource source = Open(entries_);
  const Region region = {{2, 2, 1}};
  const std::vector<Piece> pieces = PiecesOf(source, "v", &region);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].offset, 16u);
}

TEST_P(SlicedSourceTest, SlicesThatDoNotFitAreRefused) {
  EntryMap good = entries_;
  Part(1).dtype = 1;
  EXPECT_THAT(WhyNot(), HasSubstr("slice 2,2 is stored as float32"));
  entries_ = good;
  Part(1).shape.dims = {1};
  EXPECT_THAT(WhyNot(), HasSubstr("slice 2,2 is stored with shape [1]"));
  entries_ = good;
  Part(1).slices = {{{0, 1}}};
  EXPECT_THAT(WhyNot(), HasSubstr("slice 2,2 is sliced itself"));
  entries_ = good;
  entries_.erase(SliceKey("v", {{2, 2}}));
  EXPECT_THAT(WhyNot(), HasSubstr("slice 2,2 is listed, but not stored"));
  entries_ = good;
  Part(1).offset = -1;
  EXPECT_THAT(WhyNot(), HasSubstr("is no place in a file"));
}

TEST_P(SlicedSourceTest, HolesAndOverlapsAreRefused) {
  EntryMap good = entries_;
  entries_["v"].slices.pop_back();
  EXPECT_THAT(WhyNot(), HasSubstr("hold 2 of the 4 elements"));
  entries_ = good;
  entries_["v"].slices.push_back({{0, 2}});
  EXPECT_THAT(WhyNot(), HasSubstr("slices 0,2 and 0,2 overlap"));
  entries_ = good;
  // The count is right: one element twice, one missing.
  entries_["v"].slices[1] = {{1, 2}};
  EXPECT_THAT(WhyNot(), HasSubstr("overlap"));
}

TEST_P(SlicedSourceTest, ExtentsOutsideTheShapeAreRefused) {
  for (const Extent& extent :
       {Extent{-2, 2}, Extent{3, 2}, Extent{INT64_MAX, 2}, Extent{2, 0}}) {
    entries_["v"].slices[1] = {extent};
    EXPECT_THAT(WhyNot(), HasSubstr("outside a dimension of 4"));
  }
  entries_["v"].slices[1] = {{2, 2}, {0, 1}};
  EXPECT_THAT(WhyNot(), HasSubstr("of rank 2 in a tensor of shape [4]"));
}

}  // namespace
}  // namespace fastckpt::internal::bundle_source_test
