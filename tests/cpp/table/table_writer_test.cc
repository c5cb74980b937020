#include "fastckpt/table/table_writer.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "testing/hex.h"

namespace fastckpt::internal::table_writer_test {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

std::string Write(const Entries& entries) {
  std::string file;
  TableWriter table([&](ByteView bytes) { file += AsText(bytes); });
  for (const auto& [key, value] : entries) table.Add(key, value);
  table.Finish();
  return file;
}

// The block handles of a file whose index has restarts of one entry each.
std::vector<std::pair<std::string, BlockHandle>> IndexOf(
    const std::string& file) {
  const Footer footer = ReadFooter(AsBytes(file), file.size());
  const ByteView index =
      AsBytes(file).subspan(footer.index.offset, footer.index.size);
  const auto count = LoadLittle<std::uint32_t>(index.last(4).data());
  Cursor cursor(index);
  std::vector<std::pair<std::string, BlockHandle>> found;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t shared = 0, key_size = 0, value_size = 0;
    ByteView key;
    BlockHandle handle;
    EXPECT_TRUE(cursor.TakeVarint32(&shared));
    EXPECT_TRUE(cursor.TakeVarint32(&key_size));
    EXPECT_TRUE(cursor.TakeVarint32(&value_size));
    EXPECT_TRUE(cursor.TakeBytes(key_size, &key));
    EXPECT_TRUE(TakeHandle(&cursor, &handle));
    EXPECT_EQ(shared, 0u);
    found.emplace_back(AsText(key), handle);
  }
  return found;
}

TEST(TableWriter, EmptyTableIsTensorFlows) {
  EXPECT_EQ(ToHex(AsBytes(Write({}))),
            "000000000100000000c0f2a1b0"
            "000000000100000000c0f2a1b0"
            "00080d08" +
                std::string(72, '0') + "57fb808b247547db");
}

TEST(TableWriter, WritesTheWorkedExampleOfTheFormat) {
  const std::string file =
      Write({{"", FromHex("08011a020801")},
             {"a", FromHex("0801120412020802 2808 35593ce535")}});
  EXPECT_EQ(ToHex(AsBytes(file)),
            ToHex(AsBytes(FromHex(
                "00000608011a02080100010f610801120412020802280835593ce535"
                "0000000001000000 004419559e 0000000001000000 00c0f2a1b0"
                "00010262002400000000 01000000 005a996b35 2908360e" +
                std::string(72, '0') + "57fb808b247547db"))));
}

TEST(TableWriter, BlockEndsWithTheEntryThatFillsIt) {
  // 4 entries of 5 + 65536 bytes fill a block of 262144 with its 8 bytes.
  const std::string value(65536 - 5, 'v');
  const auto index = IndexOf(Write(
      {{"a", value}, {"b", value}, {"c", value}, {"d", value}, {"e", value}}));
  ASSERT_EQ(index.size(), 2u);
  EXPECT_EQ(index[0].first, "d");  // nothing shorter lies between d and e
  EXPECT_EQ(index[1].first, "f");
  EXPECT_EQ(index[0].second.size, 4 * (value.size() + 6) + 8);
}

TEST(TableWriter, EntryOfTwoBlocksGetsItsOwn) {
  const std::string large(2 * 262144 - 1, 'v');
  const auto alone = IndexOf(Write({{"a", "1"}, {"b", large}, {"c", "2"}}));
  EXPECT_EQ(alone.size(), 3u);
  // One byte less, and it stays with its neighbour before.
  const auto joined =
      IndexOf(Write({{"a", "1"}, {"b", large.substr(1)}, {"c", "2"}}));
  EXPECT_EQ(joined.size(), 2u);
}

TEST(TableWriter, LargeEntryComesFirstWithoutAnEmptyBlock) {
  const auto index = IndexOf(Write({{"", std::string(600000, 'v')}}));
  ASSERT_EQ(index.size(), 1u);
  EXPECT_EQ(index[0].first, "");
}

TEST(SeparatorKey, IsCutAfterTheFirstByteThatDiffers) {
  EXPECT_EQ(SeparatorKey("the quick", "the slow"), "the r");
  EXPECT_EQ(SeparatorKey("abc", "abd"), "abc");
  EXPECT_EQ(SeparatorKey("abc", "abcd"), "abc");
  EXPECT_EQ(SeparatorKey("a\xff", "b"), "a\xff");
  EXPECT_EQ(SeparatorKey("a\xfez", "a\xff"), "a\xfez");
  EXPECT_EQ(SeparatorKey("a\x7fz", "a\xff"), "a\x80");
  EXPECT_EQ(SeparatorKey("", "a"), "");
}

TEST(SuccessorKey, IncrementsTheFirstByteThatCan) {
  EXPECT_EQ(SuccessorKey("w"), "x");
  EXPECT_EQ(SuccessorKey("name"), "o");
  EXPECT_EQ(SuccessorKey("\xff\x01z"), "\xff\x02");
  EXPECT_EQ(SuccessorKey("\xff\xff"), "\xff\xff");
  EXPECT_EQ(SuccessorKey(""), "");
}

}  // namespace
}  // namespace fastckpt::internal::table_writer_test
