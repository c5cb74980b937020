#include "fastckpt/table/block_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fastckpt/codec/crc32c.h"
#include "testing/random.h"
#include "testing/refusal.h"
#include "testing/tables.h"

namespace fastckpt::internal::block_scan_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Four blocks of some entries each.
std::string MakeFile() {
  std::vector<StoredBlock> blocks;
  for (char letter = 'a'; letter < 'e'; ++letter) {
    Entries entries;
    for (char digit = '0'; digit <= '9'; ++digit) {
      entries.emplace_back(std::string{letter, digit}, std::string(20, digit));
    }
    blocks.push_back({std::string{letter, 'z'}, MakeBlock(entries, 4)});
  }
  return JoinBlocks(blocks);
}

std::vector<std::uint64_t> Offsets(const ScannedTable& table, bool is_sound) {
  std::vector<std::uint64_t> offsets;
  for (const ScannedBlock& block : table.blocks) {
    if (block.is_sound == is_sound) offsets.push_back(block.handle.offset);
  }
  return offsets;
}

class BlockScanTest : public ::testing::Test {
 protected:
  BlockScanTest() {
    const ScannedTable table = ScanTable(AsBytes(file_));
    for (const ScannedBlock& block : table.blocks) {
      handles_.push_back(block.handle);
    }
  }

  std::uint64_t Begin(std::size_t i) const { return handles_[i].offset; }
  std::uint64_t AllEnd() const {
    return handles_.back().offset + handles_.back().size + kTrailerSize;
  }

  std::string file_ = MakeFile();
  std::vector<BlockHandle> handles_;
};

TEST_F(BlockScanTest, TakesTheTablesWordWhereThatIsSound) {
  const ScannedTable table = ScanTable(AsBytes(file_));
  EXPECT_EQ(table.blocks.size(), 4);
  EXPECT_EQ(Offsets(table, true).size(), 4);
  EXPECT_TRUE(table.is_whole);
  EXPECT_EQ(table.how, "");
}

TEST_F(BlockScanTest, TellsADamagedBlockByTheTablesIndex) {
  file_[Begin(1) + 7] ^= 0x11;
  const ScannedTable table = ScanTable(AsBytes(file_));
  EXPECT_THAT(Offsets(table, false), ElementsAre(Begin(1)));
  EXPECT_TRUE(table.is_whole);
}

TEST_F(BlockScanTest, FindsAllBlocksWithoutFooter) {
  file_.back() ^= 1;
  const ScannedTable table = ScanTable(AsBytes(file_));
  EXPECT_EQ(Offsets(table, true).size(), 4);
  EXPECT_TRUE(table.is_whole);
  EXPECT_THAT(table.how, HasSubstr("scan"));
}

TEST_F(BlockScanTest, MendsTheTablesIndex) {
  file_[file_.size() - kFooterSize - 20] ^= 4;
  const ScannedTable table = ScanTable(AsBytes(file_));
  EXPECT_EQ(Offsets(table, true).size(), 4);
  EXPECT_TRUE(table.is_whole);
  EXPECT_THAT(table.how, HasSubstr("mended"));
}

TEST_F(BlockScanTest, FindsSoundBlocksBehindADamagedOneWithoutTheTablesIndex) {
  file_[Begin(1) + 7] ^= 0x11;
  file_.resize(AllEnd() + 3);
  const ScannedTable table = ScanTable(AsBytes(file_));
  EXPECT_THAT(Offsets(table, true), ElementsAre(Begin(0), Begin(2), Begin(3)));
  EXPECT_EQ(Offsets(table, false).front(), Begin(1));
  EXPECT_FALSE(table.is_whole);
}

TEST_F(BlockScanTest, GivesTheRestOfAFileThatIsCutAsABlockWithoutEnd) {
  file_.resize(Begin(2) + 40);
  const ScannedTable table = ScanTable(AsBytes(file_));
  EXPECT_THAT(Offsets(table, true), ElementsAre(Begin(0), Begin(1)));
  EXPECT_FALSE(table.blocks.back().has_end);
  EXPECT_EQ(table.blocks.back().handle.size, 40);
  EXPECT_FALSE(table.is_whole);
}

TEST_F(BlockScanTest, NeverTakesWhatIsCutForWhole) {
  for (std::size_t size = 0; size < AllEnd(); ++size) {
    EXPECT_FALSE(ScanTable(AsBytes(file_).first(size)).is_whole) << size;
  }
}

TEST_F(BlockScanTest, FindsNoBlockThatIsNotThere) {
  const auto is_real = [&](const ScannedBlock& block) {
    return std::count(handles_.begin(), handles_.end(), block.handle) == 1;
  };
  for (std::size_t i = 0; i < file_.size(); ++i) {
    std::string damaged = file_;
    damaged[i] ^= 0x5a;
    damaged.back() ^= 1;
    for (const auto& block : ScanTable(AsBytes(damaged)).blocks) {
      EXPECT_TRUE(!block.is_sound || is_real(block)) << i;
    }
  }
}

TEST_F(BlockScanTest, OpensASoundBlockOnly) {
  Scratch scratch;
  const ByteView block = AsBytes(file_).first(handles_[0].size + kTrailerSize);
  EXPECT_EQ(OpenBlock(block, &scratch).size(), handles_[0].size);
  file_[3] ^= 1;
  EXPECT_THAT(CorruptionOf([&] { OpenBlock(block, &scratch); }),
              HasSubstr("checksum"));
}

TEST(BlockScanOfAnythingTest, EndsSoon) {
  Random random(3);
  for (const std::size_t size : {0u, 1u, 47u, 48u, 49u, 5000u, 100'000u}) {
    ScanTable(AsBytes(random.Bytes(size)));
    ScanTable(AsBytes(std::string(size, '\0')));
  }
}

TEST_F(BlockScanTest, StopsWhereItIsAskedTo) {
  const std::string zeros(std::size_t{4} << 20, '\0');
  EXPECT_THROW(ScanTable(AsBytes(zeros), [] { return true; }), Interrupted);
}

// Each entry's value holds the end of a block that has all those before.
TEST_F(BlockScanTest, IsNotSlowWhereManyEndsLookRight) {
  constexpr std::uint32_t kEnds = 60000;
  std::string file;
  std::uint32_t crc = 0;
  const auto add = [&](std::string_view part) {
    file += part;
    crc = ExtendCrc32c(crc, AsBytes(part).data(), part.size());
  };
  for (std::uint32_t i = 1; i <= kEnds; ++i) {
    add(std::string("\x00\x04\x0d", 3));
    for (int shift = 24; shift >= 0; shift -= 8) {
      add(std::string(1, static_cast<char>(i >> shift)));
    }
    add(std::string("\0\0\0\0\1\0\0\0\0", 9));
    const std::uint32_t masked = MaskCrc32c(crc);
    for (int shift = 0; shift < 32; shift += 8) {
      add(std::string(1, static_cast<char>(masked >> shift)));
    }
  }
  file += std::string(60, '\xff');
  EXPECT_FALSE(ScanTable(AsBytes(file)).is_whole);
}

}  // namespace
}  // namespace fastckpt::internal::block_scan_test
