#include "fastckpt/table/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fastckpt/table/table_writer.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/refusal.h"
#include "testing/tables.h"

namespace fastckpt::internal::table_reader_test {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kNoLimit = UINT64_MAX;

// The index of {"a": float32[2]} with literal-only Snappy in every block.
constexpr std::string_view kSnappyIndex =
    "24fc2300000000000608011a02080100010f610801120412020802280835593ce535000000"
    "0001000000014496d45708fc070000000000000001000000013eb8ec150efc0d0000000001"
    "0262002a000000000100000001259f94ae2f0e4214";

class TableReaderTest : public ::testing::TestWithParam<IoMode> {
 protected:
  Entries ReadAll(const std::string& file) const {
    folder_.Write("t", file);
    const DataFile data(folder_.Path("t"), GetParam());
    const TableReader table(data, kNoLimit);
    Entries entries;
    table.VisitAll([&](std::string_view key, ByteView value) {
      entries.emplace_back(key, AsText(value));
    });
    return entries;
  }

  std::string RefusalOf(const std::string& file) const {
    return CorruptionOf([&] { ReadAll(file); });
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, TableReaderTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

std::string Write(const Entries& entries) {
  std::string file;
  TableWriter table([&](ByteView bytes) { file += AsText(bytes); });
  for (const auto& [key, value] : entries) table.Add(key, value);
  table.Finish();
  return file;
}

// More than two blocks of TensorFlow's 256 KiB.
Entries ManyEntries() {
  Entries entries;
  for (int i = 10'000; i < 30'000; ++i) {
    entries.emplace_back("name/" + std::to_string(i), std::string(24, 'v'));
  }
  return entries;
}

StoredBlock One(const std::string& index_key, const std::string& key) {
  return {index_key, MakeBlock({{key, "v"}})};
}

TEST_P(TableReaderTest, GivesBackWhatTheWriterWroteOverManyBlocks) {
  EXPECT_EQ(ReadAll(Write(ManyEntries())), ManyEntries());
}

TEST_P(TableReaderTest, EmptyTableHasNoBlocks) {
  EXPECT_TRUE(ReadAll(Write({})).empty());
}

TEST_P(TableReaderTest, ReadsSnappyBlocksOfTheFormatsExample) {
  const std::string file = FromHex(kSnappyIndex) + std::string(36, '\0') +
                           FromHex("57fb808b247547db");
  EXPECT_EQ(ReadAll(file),
            (Entries{{"", FromHex("08011a020801")},
                     {"a", FromHex("080112041202080228 0835593ce535")}}));
}

TEST_P(TableReaderTest, RawAndSnappyBlocksMayMix) {
  // Eight bytes behind a literal tag: the block {"b": ""}.
  const std::string contents = MakeBlock({{"b", ""}});
  ASSERT_EQ(contents.size(), 12u);
  const StoredBlock packed{"b", FromHex("0c2c") + contents, BlockType::kSnappy};
  EXPECT_EQ(ReadAll(JoinBlocks({One("a", "a"), packed})),
            (Entries{{"a", "v"}, {"b", ""}}));
}

TEST_P(TableReaderTest, EveryFlippedBitIsRefusedOrMeansNothing) {
  const Entries entries = {{"", "header"}, {"a", "one"}, {"b", "two"}};
  const std::string good = Write(entries);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    try {
      EXPECT_EQ(ReadAll(bytes), entries) << "bit " << bit;
    } catch (const Error&) {
    }
  }
}

TEST_P(TableReaderTest, EveryCutIsRefused) {
  const std::string good = Write({{"", "header"}, {"a", "one"}});
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(RefusalOf(good.substr(0, size)), "accepted") << size;
  }
}

TEST_P(TableReaderTest, DamageInTheLastBlockNamesFileAndOffset) {
  std::string file = Write(ManyEntries());
  const DataFile data((folder_.Write("g", file), folder_.Path("g")),
                      GetParam());
  const TableReader table(data, kNoLimit);
  ASSERT_GT(table.block_count(), 2u);
  const std::uint64_t offset = table.handle(table.block_count() - 1).offset;
  file[offset + 50] ^= 1;
  const std::string refusal = RefusalOf(file);
  EXPECT_THAT(refusal, HasSubstr(folder_.Path("t")));
  EXPECT_THAT(refusal, HasSubstr("at offset " + std::to_string(offset)));
  EXPECT_THAT(refusal, HasSubstr("stored checksum"));
}

TEST_P(TableReaderTest, UncheckedReadDoesNotLookAtTheChecksum) {
  std::string file = MakeTable(Entries{{"a", "one"}});
  file[4] ^= 1;  // of the value
  folder_.Write("t", file);
  const DataFile data(folder_.Path("t"), GetParam());
  const TableReader table(data, kNoLimit);
  BlockScratch scratch;
  EXPECT_NE(CorruptionOf([&] { table.ReadBlock(0, &scratch); }), "accepted");
  EXPECT_EQ(table.ReadUnchecked(0, &scratch).contents.size(), 15u);
}

TEST_P(TableReaderTest, IndexKeyMayBeLongerThanNeeded) {
  EXPECT_EQ(ReadAll(JoinBlocks({One("azzzzz", "a"), One("zz", "b")})),
            (Entries{{"a", "v"}, {"b", "v"}}));
}

TEST_P(TableReaderTest, EmptyBlocksBetweenOthersAreAccepted) {
  EXPECT_EQ(ReadAll(JoinBlocks(
                {One("a", "a"), {"aa", MakeBlock({})}, One("b", "b")})),
            (Entries{{"a", "v"}, {"b", "v"}}));
}

TEST_P(TableReaderTest, KeyPastItsIndexKeyIsRefused) {
  EXPECT_THAT(RefusalOf(JoinBlocks({One("a", "ab"), One("c", "c")})),
              HasSubstr("the key 'ab' lies past its block's index key 'a'"));
}

TEST_P(TableReaderTest, KeyThatBelongsIntoAnEarlierBlockIsRefused) {
  const std::string text = "belongs into an earlier block";
  EXPECT_THAT(RefusalOf(JoinBlocks({One("b", "b"), One("c", "b")})),
              HasSubstr(text));
  EXPECT_THAT(RefusalOf(JoinBlocks({One("b", "a"), One("c", "aa")})),
              HasSubstr(text));
}

TEST_P(TableReaderTest, IndexKeysMustRise) {
  EXPECT_THAT(RefusalOf(JoinBlocks({One("b", "a"), One("b", "b")})),
              HasSubstr("does not rise"));
}

TEST_P(TableReaderTest, TwoIndexEntriesForOneBlockAreRefused) {
  std::string file;
  const std::string handle =
      HandleBytes(AppendBlock(&file, MakeBlock({{"a", "v"}})));
  AppendIndex(&file, {{"a", handle}, {"b", handle}});
  EXPECT_NE(RefusalOf(file), "accepted");
}

TEST_P(TableReaderTest, BytesBehindAHandleAreIgnored) {
  std::string file;
  const std::string handle =
      HandleBytes(AppendBlock(&file, MakeBlock({{"a", "v"}})));
  AppendIndex(&file, {{"a", handle + "more"}});
  EXPECT_EQ(ReadAll(file), (Entries{{"a", "v"}}));
}

TEST_P(TableReaderTest, IndexEntryThatIsNoHandleNamesItsKey) {
  std::string file;
  AppendIndex(&file, {{"a", FromHex("80")}});
  EXPECT_THAT(RefusalOf(file), HasSubstr("'a' is no block handle"));
}

TEST_P(TableReaderTest, HandlesOutsideTheFileAreRefusedAtOpen) {
  for (const BlockHandle& handle :
       {BlockHandle{1 << 20, 8}, BlockHandle{0, UINT64_MAX},
        BlockHandle{UINT64_MAX - 4, 8}, BlockHandle{0, 1ULL << 60}}) {
    std::string file;
    AppendIndex(&file, {{"a", HandleBytes(handle)}});
    folder_.Write("t", file);
    const DataFile data(folder_.Path("t"), GetParam());
    EXPECT_THAT(CorruptionOf([&] { TableReader(data, kNoLimit); }),
                HasSubstr("does not fit a file"));
  }
}

// The block says that it decodes to 4 GiB, which its few bytes cannot.
TEST_P(TableReaderTest, SnappyClaimIsRefusedBeforeItIsAllocated) {
  const StoredBlock bomb{"a", FromHex("ffffffff0f 00 61"), BlockType::kSnappy};
  EXPECT_NE(RefusalOf(JoinBlocks({bomb})), "accepted");
}

TEST_P(TableReaderTest, IndexBlockOverTheLimitIsUnsupported) {
  folder_.Write("t", Write(ManyEntries()));
  const DataFile data(folder_.Path("t"), GetParam());
  EXPECT_THAT(UnsupportedOf([&] { TableReader(data, 10); }),
              HasSubstr("over the limit of 10 (max_index_bytes)"));
}

// Each key repeats the one before it and adds a byte: n entries of 4 bytes
// make n * n / 2 bytes of keys.
TEST_P(TableReaderTest, IndexKeysThatUnfoldWithoutMeasureAreUnsupported) {
  std::string file;
  std::string key;
  BlockWriter index(1 << 20);
  for (int i = 0; i < 8000; ++i) {
    index.Add(key += 'k', HandleBytes(AppendBlock(&file, MakeBlock({}))));
  }
  const BlockHandle metaindex = AppendBlock(&file, MakeBlock({}));
  PutFooter(&file, {metaindex, AppendBlock(&file, index.Finish())});
  EXPECT_LT(file.size(), 1u << 18);
  folder_.Write("t", file);
  const DataFile data(folder_.Path("t"), GetParam());
  EXPECT_THAT(UnsupportedOf([&] { TableReader(data, kNoLimit); }),
              HasSubstr("many times longer than the block"));
}

TEST_P(TableReaderTest, FindBlockGivesTheOneBlockThatCanHoldAKey) {
  folder_.Write("t", JoinBlocks({One("b", "a"), One("d", "c"), One("f", "e")}));
  const DataFile data(folder_.Path("t"), GetParam());
  const TableReader table(data, kNoLimit);
  EXPECT_EQ(table.FindBlock(""), 0u);
  EXPECT_EQ(table.FindBlock("b"), 0u);
  EXPECT_EQ(table.FindBlock("bb"), 1u);
  EXPECT_EQ(table.FindBlock("d"), 1u);
  EXPECT_EQ(table.FindBlock("f"), 2u);
  EXPECT_EQ(table.FindBlock("g"), std::nullopt);
}

}  // namespace
}  // namespace fastckpt::internal::table_reader_test
