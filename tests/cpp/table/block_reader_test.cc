#include "fastckpt/table/block_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "testing/hex.h"
#include "testing/refusal.h"
#include "testing/tables.h"

namespace fastckpt::internal::block_reader_test {
namespace {

using ::testing::HasSubstr;

Entries ReadAll(const std::string& block) {
  BlockReader reader(AsBytes(block));
  Entries entries;
  while (reader.Next()) {
    entries.emplace_back(reader.key(), AsText(reader.value()));
  }
  return entries;
}

std::string RefusalOf(const std::string& block) {
  return CorruptionOf([&] { ReadAll(block); });
}

// One restart at 0 behind entries given in hexadecimal.
std::string Block(std::string_view entries) {
  return FromHex(entries) + FromHex("0000000001000000");
}

Entries ManyEntries() {
  Entries entries;
  for (int i = 100; i < 400; ++i) {
    entries.emplace_back("key/" + std::to_string(i),
                         std::string(static_cast<std::size_t>(i % 7), 'v'));
  }
  return entries;
}

TEST(BlockReader, GivesBackWhatAnyRestartIntervalStored) {
  for (const std::size_t interval : {1u, 2u, 3u, 16u, 1000u}) {
    EXPECT_EQ(ReadAll(MakeBlock(ManyEntries(), interval)), ManyEntries());
  }
}

TEST(BlockReader, EmptyBlockHasNoEntries) {
  EXPECT_TRUE(ReadAll(Block("")).empty());
}

TEST(BlockReader, SharingLessThanPossibleIsAccepted) {
  EXPECT_EQ(ReadAll(Block("000201 616178 000201 616279")),
            (Entries{{"aa", "x"}, {"ab", "y"}}));
}

TEST(BlockReader, PaddedLengthsAreAccepted) {
  EXPECT_EQ(ReadAll(Block("8080808000 8100 8100 61 78")),
            (Entries{{"a", "x"}}));
}

TEST(BlockReader, RestartOffsetsAreNotTrusted) {
  EXPECT_EQ(ReadAll(FromHex("000101 6178 ffffffff 7f000000 02000000")),
            (Entries{{"a", "x"}}));
}

TEST(BlockReader, EmptyKeyMayComeFirstAndOnlyOnce) {
  EXPECT_EQ(ReadAll(Block("000001 78 000101 6179")),
            (Entries{{"", "x"}, {"a", "y"}}));
  EXPECT_THAT(RefusalOf(Block("000001 78 000001 79")),
              HasSubstr("its key does not rise above ''"));
}

TEST(BlockReader, TooSmallBlocksAreRefused) {
  for (const char* bytes : {"", "01", "010000"}) {
    EXPECT_THAT(RefusalOf(FromHex(bytes)), HasSubstr("restart count"));
  }
}

TEST(BlockReader, RestartCountMustFitTheBlock) {
  EXPECT_THAT(RefusalOf(FromHex("00000000")), HasSubstr("no restart"));
  EXPECT_THAT(RefusalOf(FromHex("01000000")), HasSubstr("1 restarts"));
  EXPECT_THAT(RefusalOf(FromHex("00000000 02000000")), HasSubstr("2 restarts"));
  // Four times 2^30 is 0 in 32 bits.
  EXPECT_THAT(RefusalOf(FromHex("00000000 00000040")),
              HasSubstr("1073741824 restarts"));
  EXPECT_NE(RefusalOf(FromHex("00000000 ffffffff")), "accepted");
}

TEST(BlockReader, EntryThatEndsInItsLengthsIsRefused) {
  for (const char* lengths : {"00", "0001", "80", "0080", "000180"}) {
    EXPECT_THAT(RefusalOf(Block(lengths)), HasSubstr("lengths do not parse"));
  }
  EXPECT_THAT(RefusalOf(Block("808080808000 0101 6178")),
              HasSubstr("lengths do not parse"));
}

TEST(BlockReader, KeysAndValuesEndBeforeTheRestarts) {
  EXPECT_THAT(RefusalOf(Block("000200 61")), HasSubstr("key of 2 more bytes"));
  EXPECT_THAT(RefusalOf(Block("000102 6178")), HasSubstr("value of 2 bytes"));
}

// Lengths whose sum is small in 32 bits.
TEST(BlockReader, LengthsWhoseSumWrapsAreRefused) {
  EXPECT_NE(RefusalOf(Block("00 ffffffff0f 02 6178")), "accepted");
  EXPECT_NE(RefusalOf(Block("00 8080808008 8280808008 6178")), "accepted");
  EXPECT_NE(RefusalOf(Block("00 01 ffffffff0f 6178")), "accepted");
}

TEST(BlockReader, SharedPrefixIsNoLongerThanTheKeyBefore) {
  EXPECT_THAT(RefusalOf(Block("010101 6178")),
              HasSubstr("shares 1 bytes with a key of 0"));
  EXPECT_THAT(RefusalOf(Block("000101 6178 020101 6279")),
              HasSubstr("entry at byte 5 of the block: it shares 2 bytes"));
  EXPECT_NE(RefusalOf(Block("000101 6178 ffffffff0f 0101 6279")), "accepted");
}

TEST(BlockReader, KeysMustRiseAsUnsignedBytes) {
  EXPECT_EQ(ReadAll(Block("000100 7f 000100 80 000100 ff 010100 00")),
            (Entries{{"\x7f", ""},
                     {"\x80", ""},
                     {"\xff", ""},
                     {std::string("\xff\0", 2), ""}}));
  EXPECT_THAT(RefusalOf(Block("000100 80 000100 7f")),
              HasSubstr("does not rise above '\\x80'"));
  EXPECT_NE(RefusalOf(Block("000100 61 000100 61")), "accepted");
  EXPECT_NE(RefusalOf(Block("000200 6161 010000")), "accepted");
  EXPECT_NE(RefusalOf(Block("000200 6162 010100 61")), "accepted");
}

TEST(BlockReader, EveryCutOfTheEntriesIsRefusedOrEndsBetweenTwo) {
  const std::string entries =
      FromHex("000301 61616178 020201 626279 000101 637a");
  const std::string end = FromHex("0000000001000000");
  const Entries all = ReadAll(entries + end);
  ASSERT_EQ(all.size(), 3u);
  const std::set<std::size_t> borders = {0, 7, 13, 18};
  for (std::size_t size = 0; size < entries.size(); ++size) {
    const std::string cut = entries.substr(0, size) + end;
    if (borders.contains(size)) {
      EXPECT_LT(ReadAll(cut).size(), 3u);
    } else {
      EXPECT_NE(RefusalOf(cut), "accepted") << size;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::block_reader_test
