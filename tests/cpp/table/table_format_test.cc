#include "fastckpt/table/table_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::table_format_test {
namespace {

using ::testing::HasSubstr;

// The smallest file with one block of `size` bytes at `offset`.
std::uint64_t FileFor(std::uint64_t offset, std::uint64_t size) {
  return offset + size + kTrailerSize + kFooterSize;
}

std::string FooterBytes(const Footer& footer) {
  std::string bytes;
  PutFooter(&bytes, footer);
  return bytes;
}

// FORMAT section 2.6.
TEST(TableFormat, FooterOfTheWorkedExampleIsWrittenAndRead) {
  const std::string bytes = FooterBytes({{41, 8}, {54, 14}});
  EXPECT_EQ(ToHex(AsBytes(bytes)),
            "2908360e" + std::string(72, '0') + "57fb808b247547db");
  const Footer footer = ReadFooter(AsBytes(bytes), 121);
  EXPECT_EQ(footer.metaindex, (BlockHandle{41, 8}));
  EXPECT_EQ(footer.index, (BlockHandle{54, 14}));
}

TEST(TableFormat, FooterIsTheEndOfWhateverTailIsGiven) {
  const std::string bytes = "in front" + FooterBytes({{41, 8}, {54, 14}});
  EXPECT_EQ(ReadFooter(AsBytes(bytes), 121).index, (BlockHandle{54, 14}));
}

TEST(TableFormat, PaddingOfTheFooterIsNotLookedAt) {
  std::string bytes = FooterBytes({{41, 8}, {54, 14}});
  for (std::size_t i = 4; i < 40; ++i) bytes[i] = '\xff';
  EXPECT_EQ(ReadFooter(AsBytes(bytes), 121).index, (BlockHandle{54, 14}));
}

TEST(TableFormat, ShortTailNamesTheSizeOfTheFile) {
  const std::string bytes = FooterBytes({{41, 8}, {54, 14}}).substr(1);
  EXPECT_THAT(CorruptionOf([&] { ReadFooter(AsBytes(bytes), 47); }),
              HasSubstr("file of 47 bytes is too short to be a table"));
}

TEST(TableFormat, EveryBitOfTheMagicNumberCounts) {
  const std::string good = FooterBytes({{41, 8}, {54, 14}});
  EXPECT_TRUE(HasTableMagic(AsBytes(good)));
  for (std::size_t bit = 0; bit < 64; ++bit) {
    std::string bytes = good;
    bytes[40 + bit / 8] = static_cast<char>(bytes[40 + bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(HasTableMagic(AsBytes(bytes)));
    EXPECT_THAT(CorruptionOf([&] { ReadFooter(AsBytes(bytes), 121); }),
                HasSubstr("magic number"));
  }
  EXPECT_FALSE(HasTableMagic(AsBytes(std::string_view(good).substr(41))));
}

TEST(TableFormat, HandlesThatDoNotEndInTheFooterAreRefusedWithTheirPlace) {
  std::string bytes = FooterBytes({{41, 8}, {54, 14}});
  for (std::size_t i = 0; i < 40; ++i) bytes[i] = '\xff';
  const std::string refusal =
      CorruptionOf([&] { ReadFooter(AsBytes(bytes), 121); });
  EXPECT_THAT(refusal, HasSubstr("the footer's block handles do not parse"));
  EXPECT_THAT(refusal, HasSubstr("at offset 73"));
}

TEST(TableFormat, IndexHandleOfTheFooterMustFitTheFile) {
  const std::string bytes = FooterBytes({{41, 8}, {54, 15}});
  EXPECT_THAT(CorruptionOf([&] { ReadFooter(AsBytes(bytes), 121); }),
              HasSubstr("block at offset 54, size 15 does not fit"));
}

TEST(TableFormat, MetaindexHandleMayPointAnywhere) {
  const std::string bytes = FooterBytes({{UINT64_MAX, UINT64_MAX}, {54, 14}});
  EXPECT_EQ(ReadFooter(AsBytes(bytes), 121).metaindex.size, UINT64_MAX);
}

TEST(TableFormat, HandleMayReachTheFooterAndNoFurther) {
  CheckHandle({0, 4}, FileFor(0, 4));
  CheckHandle({1000, 50}, FileFor(1000, 50));
  EXPECT_THAT(CorruptionOf([] {
                CheckHandle({0, 4}, FileFor(0, 4) - 1);
              }),
              HasSubstr("block at offset 0, size 4 does not fit a file of 56"));
  EXPECT_NE(CorruptionOf([] { CheckHandle({0, 4}, 10); }), "accepted");
}

TEST(TableFormat, HandlesWhoseEndWrapsAreRefused) {
  for (const std::uint64_t size :
       {UINT64_MAX, UINT64_MAX - 4, std::uint64_t{1} << 60}) {
    for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{8},
                                       UINT64_MAX, UINT64_MAX - size + 1}) {
      EXPECT_NE(CorruptionOf([&] {
                  CheckHandle({offset, size}, 1 << 20);
                }),
                "accepted");
    }
  }
}

TEST(TableFormat, BlockWithoutRoomForItsCountIsRefused) {
  EXPECT_THAT(CorruptionOf([] {
                CheckHandle({0, 3}, 1000);
              }),
              HasSubstr("no block is that small"));
}

TEST(TableFormat, CutHandleIsNotTakenAndLeavesTheCursor) {
  std::string bytes;
  PutHandle(&bytes, {300, UINT64_MAX});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Cursor cursor(AsBytes(std::string_view(bytes).substr(0, size)));
    BlockHandle handle;
    EXPECT_FALSE(TakeHandle(&cursor, &handle));
    EXPECT_EQ(cursor.position(), 0u);
  }
  Cursor cursor(AsBytes(bytes));
  BlockHandle handle;
  ASSERT_TRUE(TakeHandle(&cursor, &handle));
  EXPECT_EQ(handle, (BlockHandle{300, UINT64_MAX}));
  EXPECT_TRUE(cursor.AtEnd());
}

// The empty block and its trailer are part of every file, FORMAT section 2.3.
TEST(TableFormat, TrailerOfTheEmptyBlockIsTensorFlows) {
  const std::string block = FromHex("0000000001000000");
  std::string trailer;
  PutTrailer(&trailer, AsBytes(block), BlockType::kRaw);
  EXPECT_EQ(ToHex(AsBytes(trailer)), "00c0f2a1b0");
  EXPECT_EQ(ReadTrailer(AsBytes(block), AsBytes(trailer)), BlockType::kRaw);
}

TEST(TableFormat, EveryBitOfBlockAndTrailerCounts) {
  const std::string block = "some stored bytes";
  std::string good = block;
  PutTrailer(&good, AsBytes(block), BlockType::kSnappy);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    const ByteView view = AsBytes(bytes);
    EXPECT_THAT(CorruptionOf([&] {
                  ReadTrailer(view.first(block.size()),
                              view.subspan(block.size()));
                }),
                HasSubstr("block of 17 bytes: stored checksum 0x"));
  }
}

TEST(TableFormat, UnmaskedChecksumIsRefused) {
  const std::string block = FromHex("0000000001000000");
  const std::string trailer = FromHex("00") + FromHex("efcd0ab1");
  EXPECT_NE(
      CorruptionOf([&] { ReadTrailer(AsBytes(block), AsBytes(trailer)); }),
      "accepted");
}

TEST(TableFormat, OtherBlockTypesAreUnsupportedUnderARightChecksum) {
  for (int type = 2; type < 256; ++type) {
    std::string trailer;
    PutTrailer(&trailer, AsBytes("block"), static_cast<BlockType>(type));
    EXPECT_THAT(
        UnsupportedOf([&] { ReadTrailer(AsBytes("block"), AsBytes(trailer)); }),
        HasSubstr("block type " + std::to_string(type)));
  }
}

}  // namespace
}  // namespace fastckpt::internal::table_format_test
