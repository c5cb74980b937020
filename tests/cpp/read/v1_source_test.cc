#include "fastckpt/read/v1_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/refusal.h"

namespace fastckpt::internal::v1_source_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<float> kFloats = {1, 2, 3, 4, 5, 6};
const std::vector<std::int32_t> kInts = {1, -1};

// "f" is packed, "i" encoded, "s" strings, "v" float [4, 3] in two slices.
class V1SourceTest : public ::testing::TestWithParam<IoMode> {
 protected:
  V1SourceTest() {
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    const auto half = [](std::int64_t begin) {
      return AsSlice(MakeInput("v", DType::kFloat, {2, 3}, kFloats), {4, 3},
                     {{begin, 2}, {0, -1}});
    };
    writer.Add({MakeInput("f", DType::kFloat, {2, 3}, kFloats),
                MakeInput("i", DType::kInt32, {2}, kInts),
                MakeStrings("s", {"ab", "", "xyz"}), half(0), half(2)});
    writer.Finish();
  }

  V1Source Open() const { return V1Source({folder_.Path("m")}, GetParam()); }

  static std::vector<Piece> PiecesOf(const V1Source& source,
                                     const std::string& name,
                                     const Region* region = nullptr) {
    std::vector<Piece> pieces;
    SeenFiles seen;
    source.AppendPieces(*source.Find(name), region, CheckRule::kOnce, &seen,
                        &pieces);
    return pieces;
  }

  // Flips a bit of the first stored 6.0f.
  void Damage() const {
    std::string file = folder_.Read("m");
    const float six = 6;
    std::string wanted(sizeof six, '\0');
    std::memcpy(wanted.data(), &six, sizeof six);
    file[file.find(wanted)] ^= 1;
    folder_.Write("m", file);
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, V1SourceTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(V1SourceTest, FactsAreThoseOfTheMeta) {
  const V1Source source = Open();
  EXPECT_EQ(source.tensor_count(), 4u);
  const TensorFacts facts = source.Facts(*source.Find("v"));
  EXPECT_EQ(facts.name, "v");
  EXPECT_THAT(std::vector<std::int64_t>(facts.dims.begin(), facts.dims.end()),
              ElementsAre(4, 3));
  EXPECT_TRUE(facts.has_size);
  EXPECT_EQ(facts.size, 48u);
  EXPECT_FALSE(facts.has_place);
  EXPECT_FALSE(source.Facts(*source.Find("s")).has_size);
}

TEST_P(V1SourceTest, PackedFloatsAreViewsOfTheMapping) {
  const V1Source source = Open();
  const std::size_t slot = *source.Find("f");
  EXPECT_EQ(source.IsView(slot), GetParam() == IoMode::kMap);
  EXPECT_FALSE(source.IsView(*source.Find("i")));
  EXPECT_FALSE(source.IsView(*source.Find("v")));
  const Piece piece = PiecesOf(source, "f")[0];
  ASSERT_EQ(piece.memory.size(), 24u);
  EXPECT_EQ(std::memcmp(piece.memory.data(), kFloats.data(), 24), 0);
  EXPECT_EQ(source.MappingSize(piece.owner.get()).has_value(),
            GetParam() == IoMode::kMap);
}

TEST_P(V1SourceTest, PlaceOfPackedFloatsIsTheirsInTheFile) {
  const V1Source source = Open();
  const PiecePlace place = source.Places(*source.Find("f"))[0];
  EXPECT_EQ(place.path, folder_.Path("m"));
  const std::string file = folder_.Read("m");
  EXPECT_EQ(std::memcmp(file.data() + place.offset, kFloats.data(), 24), 0);
  EXPECT_THAT(UnsupportedOf([&] { source.Places(*source.Find("i")); }),
              HasSubstr("encoded"));
}

TEST_P(V1SourceTest, IntegersAreDecoded) {
  const Piece piece = PiecesOf(Open(), "i")[0];
  EXPECT_EQ(std::memcmp(piece.memory.data(), kInts.data(), 8), 0);
}

TEST_P(V1SourceTest, StringsAreTheirSizesAndBytes) {
  const V1Source source = Open();
  std::vector<StringPiece> pieces;
  SeenFiles seen;
  source.AppendStrings(*source.Find("s"), CheckRule::kAlways, &seen, &pieces);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_THAT(pieces[0].sizes, ElementsAre(2, 0, 3));
  EXPECT_EQ(AsText(pieces[0].bytes), "abxyz");
}

TEST_P(V1SourceTest, RegionNeedsOnlyTheSlicesItTouches) {
  const V1Source source = Open();
  const Region region = {{3, 1, 1}, {0, 3, 1}};
  const std::vector<Piece> pieces = PiecesOf(source, "v", &region);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_THAT(pieces[0].box.begin, ElementsAre(2, 0));
  EXPECT_EQ(PiecesOf(source, "v").size(), 2u);
  EXPECT_EQ(source.Slices(*source.Find("v")).size(), 2u);
  EXPECT_TRUE(source.Slices(*source.Find("f")).empty());
}

TEST_P(V1SourceTest, TensorThatIsWholeInTwoFilesIsAnErrorWithBothNames) {
  V1Writer writer(folder_.Path("n"), /*sync=*/false);
  writer.Add({MakeInput("f", DType::kFloat, {2, 3}, kFloats)});
  writer.Finish();
  const V1Source source({folder_.Path("m"), folder_.Path("n")}, GetParam());
  const std::string refusal =
      CorruptionOf([&] { source.CheckMeaning(*source.Find("f")); });
  EXPECT_THAT(refusal, HasSubstr("in '" + folder_.Path("m") + "' and"));
  EXPECT_THAT(refusal, HasSubstr("in '" + folder_.Path("n") + "' overlap"));
}

TEST_P(V1SourceTest, DamagedBlockIsNoticedAtItsFirstRead) {
  // One block holds all of this small file, the list of tensors too.
  Damage();
  EXPECT_THAT(CorruptionOf([&] { Open(); }), HasSubstr("stored checksum"));
}

TEST_P(V1SourceTest, CutFileIsNoticedBeforeBytesAreHandedOut) {
  const V1Source source = Open();
  std::filesystem::resize_file(folder_.Path("m"), 100);
  EXPECT_THAT(CorruptionOf([&] { PiecesOf(source, "f"); }),
              HasSubstr("when it was opened and has 100 now"));
}

// A file of several blocks: that of the damaged tensor is not the first.
class LargeV1SourceTest : public V1SourceTest {
 protected:
  LargeV1SourceTest() {
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    writer.Add({MakeInput("a", DType::kFloat, {100'000}, zeros_),
                MakeInput("b", DType::kFloat, {100'000}, zeros_),
                MakeInput("z", DType::kFloat, {2, 3}, kFloats)});
    writer.Finish();
    Damage();
  }

  const std::vector<float> zeros_ = std::vector<float>(100'000);
};

INSTANTIATE_TEST_SUITE_P(BothWays, LargeV1SourceTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(LargeV1SourceTest, DamageElsewhereLeavesTensorsReadable) {
  const V1Source source = Open();
  EXPECT_EQ(PiecesOf(source, "a")[0].memory.size(), 400'000u);
  for (int again = 0; again < 2; ++again) {
    const std::string refusal = CorruptionOf([&] { PiecesOf(source, "z"); });
    EXPECT_THAT(refusal, HasSubstr(folder_.Path("m") + ": at offset"));
    EXPECT_THAT(refusal, HasSubstr("stored checksum"));
  }
}

TEST_P(LargeV1SourceTest, UncheckedReadsGiveWhatIsThere) {
  const V1Source source = Open();
  std::vector<Piece> pieces;
  SeenFiles seen;
  source.AppendPieces(*source.Find("z"), nullptr, CheckRule::kNever, &seen,
                      &pieces);
  EXPECT_EQ(pieces[0].memory.size(), 24u);
}

}  // namespace
}  // namespace fastckpt::internal::v1_source_test
