#include "fastckpt/v2/index_recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "fastckpt/codec/crc32c_flip.h"
#include "fastckpt/table/block_flip.h"
#include "fastckpt/table/table_reader.h"
#include "testing/bundles.h"
#include "testing/random.h"
#include "testing/refusal.h"
#include "testing/snappy_block.h"
#include "testing/tables.h"

namespace fastckpt::internal::index_recovery_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kNoLimit = UINT64_MAX;

class IndexRecoveryTest : public ::testing::Test {
 protected:
  IndexRecoveryTest() {
    Random random(5);
    for (int i = 0; i < 3; ++i) {
      const std::string bytes = random.Bytes(8);
      const auto offset = static_cast<std::int64_t>(data_.size());
      const std::string name = "layer-" + std::to_string(100 + i) + "/kernel";
      entries_[name] = MakeEntry(DType::kFloat, {2, 1}, offset, bytes);
      data_ += bytes;
    }
    folder_.Write("data", data_);
    index_ = MakeIndex(OneShard(), entries_);
    block_size_ = static_cast<std::size_t>(
        ScanEnd());  // of the block of entries, with its trailer
  }

  std::uint64_t ScanEnd() const {
    const DataFile file(Put(index_), IoMode::kRead);
    const TableReader table(file, kNoLimit);
    return table.handle(0).size + kTrailerSize;
  }

  std::string Put(const std::string& index) const {
    folder_.Write("index", index);
    return folder_.Path("index");
  }

  RecoveredIndex Recover(const std::string& index) const {
    DataProof proof({folder_.Path("data")});
    return RecoverIndex(Put(index), kNoLimit, &proof);
  }

  // Asserts that what was recovered is what was written, or is not there; of
  // what nothing proves the name may be another's.
  void ExpectOnlyWritten(const RecoveredIndex& found) const {
    for (const RecoveredEntry& entry : found.entries) {
      const bool is_there =
          std::any_of(entries_.begin(), entries_.end(), [&](const auto& it) {
            return it.second.offset == entry.entry.offset &&
                   it.second.size == entry.entry.size &&
                   (!entry.is_proved || it.first == entry.key);
          });
      EXPECT_TRUE(is_there) << entry.key;
    }
  }

  std::map<std::string, BundleEntry> entries_;
  std::string data_;
  std::string index_;
  std::size_t block_size_ = 0;
  const Folder folder_;
};

TEST_F(IndexRecoveryTest, TakesASoundIndexAsItIs) {
  const RecoveredIndex found = Recover(index_);
  EXPECT_EQ(found.entries.size(), entries_.size());
  EXPECT_THAT(found.repairs, IsEmpty());
  EXPECT_TRUE(found.is_whole);
}

TEST_F(IndexRecoveryTest, MendsAnySingleBitOfTheFile) {
  for (std::uint64_t byte = 0; byte < index_.size(); ++byte) {
    for (const unsigned bit : {0u, static_cast<unsigned>(byte % 6) + 1, 7u}) {
      const RecoveredIndex found =
          Recover(FlipBit(AsBytes(index_), {byte, bit}));
      ASSERT_EQ(found.entries.size(), entries_.size()) << byte << "." << bit;
      ASSERT_TRUE(found.is_whole) << byte << "." << bit;
      for (const RecoveredEntry& entry : found.entries) {
        std::string expected;
        std::string got;
        PutBundleEntry(&expected, entries_.at(entry.key));
        PutBundleEntry(&got, entry.entry);
        ASSERT_EQ(got, expected) << byte << "." << bit;
        ASSERT_TRUE(entry.is_proved) << byte << "." << bit;
      }
    }
  }
}

TEST_F(IndexRecoveryTest, OfMoreDamageTakesOnlyWhatTheDataAgreeWith) {
  Random random(6);
  for (int i = 0; i < 100; ++i) {
    std::string damaged = index_;
    for (std::uint64_t k = 2 + random.Below(4); k > 0; --k) {
      damaged = FlipBit(
          AsBytes(damaged),
          {random.Below(block_size_), static_cast<unsigned>(random.Below(8))});
    }
    try {
      ExpectOnlyWritten(Recover(damaged));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    }
  }
}

TEST_F(IndexRecoveryTest, SaysThatNothingProvesNamesOfADamagedBlock) {
  std::string damaged = index_;
  damaged[20] ^= 0x11;
  const RecoveredIndex found = Recover(damaged);
  EXPECT_FALSE(found.entries.empty());
  for (const RecoveredEntry& entry : found.entries) {
    EXPECT_FALSE(entry.is_proved);
  }
  EXPECT_THAT(found.repairs, ElementsAre(HasSubstr("no checksum covers")));
}

TEST_F(IndexRecoveryTest, MendsNothingWhereTheDataDoNotAgree) {
  data_[3] ^= 1;
  folder_.Write("data", data_);
  const RecoveredIndex found = Recover(FlipBit(AsBytes(index_), {12, 2}));
  EXPECT_EQ(found.entries.size(), entries_.size() - 1);
  EXPECT_THAT(found.lost, ElementsAre("layer-100/kernel"));
  for (const RecoveredEntry& entry : found.entries) {
    EXPECT_FALSE(entry.is_proved);
  }
}

TEST_F(IndexRecoveryTest, OfACutIndexTakesTheEntriesBeforeTheCut) {
  for (std::size_t size = 0; size < block_size_; ++size) {
    try {
      const RecoveredIndex found = Recover(index_.substr(0, size));
      ExpectOnlyWritten(found);
      EXPECT_FALSE(found.is_whole);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
      EXPECT_LT(size, 100);
    }
  }
}

TEST_F(IndexRecoveryTest, ReadsACompressedBlockWhoseLiteralsAreDamaged) {
  std::string header;
  PutBundleHeader(&header, OneShard());
  Entries written = {{"", header}};
  for (const auto& [key, entry] : entries_) {
    PutBundleEntry(&written.emplace_back(key, "").second, entry);
  }
  BlockMaker maker;
  maker.PutLiteral(MakeBlock(written), 2);
  std::string file;
  const BlockHandle handle =
      AppendBlock(&file, maker.Block(), BlockType::kSnappy);
  AppendIndex(&file, {{written.back().first, HandleBytes(handle)}});
  EXPECT_EQ(Recover(file).entries.size(), entries_.size());
  file[file.find("layer-100") + 1] ^= 0x11;
  const RecoveredIndex found = Recover(file);
  EXPECT_EQ(found.entries.size(), entries_.size());
  for (const RecoveredEntry& it : found.entries) EXPECT_FALSE(it.is_proved);
  for (std::size_t i = 0; i < handle.size; ++i) {
    std::string damaged = file;
    damaged[i] ^= 0x5a;
    try {
      ExpectOnlyWritten(Recover(damaged));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    }
  }
}

TEST_F(IndexRecoveryTest, LeavesOutATensorWithoutBytesThatNothingProves) {
  entries_["empty"] = MakeEntry(DType::kFloat, {0, 3}, 0, "");
  std::string damaged = MakeIndex(OneShard(), entries_);
  damaged[40] ^= 0x11;
  for (const RecoveredEntry& entry : Recover(damaged).entries) {
    EXPECT_NE(entry.key, "empty");
  }
}

TEST_F(IndexRecoveryTest, RefusesAnIndexOfAnotherNumberOfFiles) {
  DataProof proof({folder_.Path("data"), folder_.Path("data")});
  EXPECT_THAT(
      CorruptionOf([&] { RecoverIndex(Put(index_), kNoLimit, &proof); }),
      HasSubstr("counts 1 data files, and 2 were given"));
}

TEST_F(IndexRecoveryTest, RefusesWhatHasNothing) {
  EXPECT_THAT(CorruptionOf([&] { Recover(std::string(500, 'x')); }),
              HasSubstr("no entry of the index is left"));
  DataProof proof({folder_.Path("data")});
  EXPECT_THAT(UnsupportedOf([&] { RecoverIndex(Put(index_), 10, &proof); }),
              HasSubstr("over the limit"));
}

}  // namespace
}  // namespace fastckpt::internal::index_recovery_test
