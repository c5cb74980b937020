// Blocks and tables made at random, whole and damaged, against plain models of
// their format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fastckpt/table/block_reader.h"
#include "fastckpt/table/table_reader.h"
#include "fastckpt/table/table_writer.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/plain_table.h"
#include "testing/random.h"
#include "testing/refusal.h"

namespace fastckpt::internal::table_model_test {
namespace {

// Sorted entries with keys that share prefixes, the empty key at times.
Entries AnyEntries(Random* random, std::size_t most, std::size_t value_size) {
  std::map<std::string, std::string> sorted;
  for (std::uint64_t count = random->Below(most + 1); count > 0; --count) {
    sorted[random->Word(6)] = random->Bytes(random->Below(value_size + 1));
  }
  return {sorted.begin(), sorted.end()};
}

// Nothing where the block is broken.
std::optional<Entries> ReadBlock(const std::string& block) {
  Entries entries;
  try {
    BlockReader reader(AsBytes(block));
    while (reader.Next()) {
      entries.emplace_back(reader.key(), AsText(reader.value()));
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    return std::nullopt;
  }
  return entries;
}

// The same, one number after the other and with every offset a plain sum.
std::optional<Entries> ReadBlockPlainly(const std::string& block) {
  if (block.size() < 4) return std::nullopt;
  const std::uint64_t restarts =
      LoadLittle<std::uint32_t>(block.data() + block.size() - 4);
  if (restarts == 0 || restarts * 4 + 4 > block.size()) return std::nullopt;
  const std::string bytes = block.substr(0, block.size() - 4 - restarts * 4);
  Entries entries;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t numbers[3] = {};
    for (std::uint64_t& number : numbers) {
      unsigned shift = 0;
      do {
        if (at == bytes.size() || shift > 28) return std::nullopt;
        number |= static_cast<std::uint64_t>(bytes[at] & 0x7f) << shift;
        shift += 7;
      } while ((bytes[at++] & 0x80) != 0);
      if (number > UINT32_MAX) return std::nullopt;
    }
    const std::string last = entries.empty() ? "" : entries.back().first;
    if (numbers[0] > last.size()) return std::nullopt;
    if (at + numbers[1] + numbers[2] > bytes.size()) return std::nullopt;
    const std::string key =
        last.substr(0, numbers[0]) + bytes.substr(at, numbers[1]);
    if (!entries.empty() && key <= last) return std::nullopt;
    entries.emplace_back(key, bytes.substr(at + numbers[1], numbers[2]));
    at += numbers[1] + numbers[2];
  }
  return entries;
}

TEST(BlockModel, BlocksOfAnyIntervalAreThePlainOnes) {
  Random random(70);
  for (int i = 0; i < 500; ++i) {
    const Entries entries = AnyEntries(&random, 40, 200);
    for (const std::size_t interval : {1u, 2u, 15u, 16u, 17u}) {
      BlockWriter writer(interval);
      std::size_t expected_size = PlainBlock({}, interval).size();
      EXPECT_TRUE(writer.IsEmpty());
      for (std::size_t e = 0; e < entries.size(); ++e) {
        EXPECT_EQ(writer.SizeIfFinished(), expected_size);
        writer.Add(entries[e].first, entries[e].second);
        const Entries so_far(entries.begin(),
                             entries.begin() + static_cast<int>(e) + 1);
        expected_size = PlainBlock(so_far, interval).size();
      }
      EXPECT_EQ(writer.IsEmpty(), entries.empty());
      const std::string block = writer.Finish();
      EXPECT_EQ(block, PlainBlock(entries, interval));
      EXPECT_EQ(ReadBlock(block), entries);
    }
  }
}

TEST(BlockModel, AWriterThatWasClearedIsAsNew) {
  Random random(71);
  BlockWriter writer(3);
  for (int i = 0; i < 50; ++i) {
    const Entries entries = AnyEntries(&random, 10, 20);
    for (const auto& [key, value] : entries) writer.Add(key, value);
    EXPECT_EQ(writer.Finish(), PlainBlock(entries, 3));
    writer.Clear();
  }
}

TEST(BlockModel, DamagedBlocksAreReadAsThePlainReaderReadsThem) {
  Random random(72);
  for (int i = 0; i < 3000; ++i) {
    std::string block = PlainBlock(AnyEntries(&random, 8, 20), 4);
    for (std::uint64_t flips = 1 + random.Below(2); flips > 0; --flips) {
      block[random.Below(block.size())] ^=
          static_cast<char>(1u << random.Below(8));
    }
    EXPECT_EQ(ReadBlock(block), ReadBlockPlainly(block))
        << ToHex(AsBytes(block));
    block.resize(random.Below(block.size()));
    EXPECT_EQ(ReadBlock(block), ReadBlockPlainly(block));
  }
}

// Lengths of each size of a varint, in each of the three places.
TEST(BlockModel, LengthsAtEachEdgeAreReadAsThePlainReaderReadsThem) {
  for (const std::uint64_t edge : VarintEdges()) {
    for (std::size_t place = 0; place < 3; ++place) {
      for (const unsigned padding : {0u, 1u, 4u}) {
        Wire entry;
        for (std::size_t i = 0; i < 3; ++i) {
          entry.Raw(i == place ? edge : 0, i == place ? padding : 0);
        }
        const std::string block = entry.bytes() + std::string(200, 'k') +
                                  Wire().Little(0, 4).Little(1, 4).bytes();
        EXPECT_EQ(ReadBlock(block), ReadBlockPlainly(block))
            << edge << " " << place;
      }
    }
  }
}

std::string Written(const Entries& entries) {
  std::string file;
  TableWriter table([&](ByteView bytes) { file += AsText(bytes); });
  for (const auto& [key, value] : entries) table.Add(key, value);
  table.Finish();
  return file;
}

TEST(TableModel, SmallTablesAreThePlainOnes) {
  Random random(73);
  for (int i = 0; i < 300; ++i) {
    const Entries entries = AnyEntries(&random, 50, 300);
    EXPECT_EQ(Written(entries), PlainTable(entries));
  }
}

// Values that end a block, end it just not, and are a block by themselves.
TEST(TableModel, TablesOfManyBlocksAreThePlainOnes) {
  Random random(74);
  const std::size_t sizes[] = {0,      100,    100000, 262100, 262130, 262131,
                               262132, 262140, 262144, 524286, 524287, 524288};
  for (int i = 0; i < 15; ++i) {
    Entries entries;
    for (std::size_t e = 0; e < 8; ++e) {
      const std::size_t size = sizes[random.Below(std::size(sizes))];
      entries.emplace_back("k" + std::to_string(e), std::string(size, 'v'));
    }
    EXPECT_TRUE(Written(entries) == PlainTable(entries)) << i;
  }
}

// All keys of up to three bytes of an alphabet that has both ends.
std::vector<std::string> ShortKeys() {
  const std::string alphabet("\0\1a\xfe\xff", 5);
  std::vector<std::string> keys = {""};
  for (std::size_t begin = 0, length = 0; length < 3; ++length) {
    const std::size_t end = keys.size();
    for (; begin < end; ++begin) {
      for (const char letter : alphabet) keys.push_back(keys[begin] + letter);
    }
  }
  return keys;
}

TEST(TableModel, SeparatorsLieBetweenAnyTwoKeysAndAreThePlainOnes) {
  const std::vector<std::string> keys = ShortKeys();
  for (const std::string& a : keys) {
    const std::string after = SuccessorKey(a);
    EXPECT_GE(after, a);
    EXPECT_EQ(after, PlainSuccessor(a));
    for (const std::string& b : keys) {
      if (a >= b) continue;
      const std::string between = SeparatorKey(a, b);
      EXPECT_LE(a, between);
      EXPECT_LT(between, b);
      EXPECT_LE(between.size(), a.size());
      EXPECT_EQ(between, PlainSeparator(a, b));
    }
  }
}

class TableFileModel : public ::testing::TestWithParam<IoMode> {
 protected:
  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, TableFileModel,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

// One small block for each few entries, as no writer makes them.
std::string JoinedFile(const Entries& entries, std::size_t per_block) {
  std::vector<StoredBlock> blocks;
  for (std::size_t i = 0; i < entries.size(); i += per_block) {
    const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(i);
    const std::size_t count = std::min(per_block, entries.size() - i);
    const Entries part(begin, begin + static_cast<std::ptrdiff_t>(count));
    blocks.push_back({part.back().first, MakeBlock(part), BlockType::kRaw});
  }
  return JoinBlocks(blocks);
}

TEST_P(TableFileModel, AKeysBlockIsTheFirstThatEndsAtOrAfterIt) {
  Random random(75);
  for (int i = 0; i < 40; ++i) {
    const Entries entries = AnyEntries(&random, 30, 5);
    if (entries.empty()) continue;
    const std::size_t per_block = 1 + random.Below(4);
    folder_.Write("t", JoinedFile(entries, per_block));
    const DataFile file(folder_.Path("t"), GetParam());
    const TableReader table(file, UINT64_MAX);
    ASSERT_EQ(table.block_count(),
              (entries.size() + per_block - 1) / per_block);
    for (const std::string& key : ShortKeys()) {
      std::optional<std::size_t> expected;
      for (std::size_t e = 0; e < entries.size() && !expected; ++e) {
        const std::size_t last =
            std::min(e / per_block * per_block + per_block, entries.size()) - 1;
        if (entries[last].first >= key) expected = e / per_block;
      }
      EXPECT_EQ(table.FindBlock(key), expected) << ToHex(AsBytes(key));
    }
  }
}

TEST_P(TableFileModel, AllEntriesComeInTheirOrderFromBlocksOfAnySize) {
  Random random(76);
  for (int i = 0; i < 40; ++i) {
    const Entries entries = AnyEntries(&random, 60, 30);
    if (entries.empty()) continue;
    folder_.Write("t", JoinedFile(entries, 1 + random.Below(9)));
    const DataFile file(folder_.Path("t"), GetParam());
    Entries found;
    TableReader(file, UINT64_MAX)
        .VisitAll([&](std::string_view key, ByteView value) {
          found.emplace_back(key, AsText(value));
        });
    EXPECT_EQ(found, entries);
  }
}

// An index of one handle, moved over a file: only the block's own place reads.
TEST_P(TableFileModel, AHandleThatIsOffByABitIsRefusedAtOpenOrAtItsBlock) {
  const std::string block = MakeBlock({{"a", "1"}, {"b", "2"}});
  std::string file(7, 'x');
  const BlockHandle right = AppendBlock(&file, block);
  for (std::uint64_t offset = 4; offset < 11; ++offset) {
    for (std::uint64_t size = block.size() - 5; size < block.size() + 6;
         ++size) {
      std::string moved = file;
      const BlockHandle handle{offset, size};
      AppendIndex(&moved, {{"b", HandleBytes(handle)}});
      folder_.Write("t", moved);
      const std::string refusal = CorruptionOf([&] {
        const DataFile data(folder_.Path("t"), GetParam());
        TableReader(data, UINT64_MAX).VisitAll([](auto, auto) {});
      });
      EXPECT_EQ(refusal == "accepted", handle == right)
          << offset << " " << size << " " << refusal;
    }
  }
}

TEST(TableFooterModel, HandlesOfEverySizeAreWrittenAndRead) {
  for (const std::uint64_t offset : VarintEdges()) {
    for (const std::uint64_t size : {4u, 127u, 128u, 1u << 20}) {
      const Footer footer{{offset, size}, {size, offset / 2}};
      std::string bytes = "before";
      PutFooter(&bytes, footer);
      ASSERT_EQ(bytes.size(), 6 + kFooterSize);
      const Wire handles =
          Wire().Raw(offset).Raw(size).Raw(size).Raw(offset / 2);
      EXPECT_TRUE(bytes.starts_with("before" + handles.bytes()));
      Cursor cursor(AsBytes(bytes).subspan(6));
      BlockHandle metaindex, index;
      ASSERT_TRUE(TakeHandle(&cursor, &metaindex));
      ASSERT_TRUE(TakeHandle(&cursor, &index));
      EXPECT_EQ(metaindex, footer.metaindex);
      EXPECT_EQ(index, footer.index);
    }
  }
}

TEST(TableFooterModel, AHandleFitsWhereBlockTrailerAndFooterEndInTheFile) {
  using Wide = unsigned __int128;
  for (const std::uint64_t offset : VarintEdges()) {
    for (const std::uint64_t size : VarintEdges()) {
      for (const std::uint64_t around : {0u, 52u, 53u, 54u, 1000u}) {
        const auto file_size = static_cast<std::uint64_t>(
            std::min<Wide>(Wide{offset} + size + around, UINT64_MAX));
        const bool fits = size >= 4 && Wide{offset} + size + 53 <= file_size;
        EXPECT_EQ(CorruptionOf([&] {
                    CheckHandle({offset, size}, file_size);
                  }) == "accepted",
                  fits)
            << offset << " " << size << " " << file_size;
      }
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::table_model_test
