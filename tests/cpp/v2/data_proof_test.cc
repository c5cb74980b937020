#include "fastckpt/v2/data_proof.h"

#include <gtest/gtest.h>

#include "fastckpt/v2/string_tensor.h"
#include "testing/bundles.h"

namespace fastckpt::internal::data_proof_test {
namespace {

class DataProofTest : public ::testing::Test {
 protected:
  DataProofTest() { folder_.Write("data", "xxabcdefgh"); }

  DataProof Proof() const { return DataProof({folder_.Path("data"), ""}); }

  const Folder folder_;
  const BundleEntry entry_ = MakeEntry(DType::kInt32, {2}, 2, "abcdefgh");
};

TEST_F(DataProofTest, AgreesWithWhatIsThere) {
  EXPECT_TRUE(Proof().Agrees(entry_));
  EXPECT_EQ(Proof().shard_count(), 2);
}

TEST_F(DataProofTest, AgreesWithNothingElse) {
  DataProof proof = Proof();
  const auto refused = [&](auto change) {
    BundleEntry entry = entry_;
    change(&entry);
    return !proof.Agrees(entry);
  };
  EXPECT_TRUE(refused([](auto* it) { it->offset = 1; }));
  EXPECT_TRUE(refused([](auto* it) { it->offset = -1; }));
  EXPECT_TRUE(refused([](auto* it) { it->offset = INT64_MAX; }));
  EXPECT_TRUE(refused([](auto* it) { it->size = INT64_MAX; }));
  EXPECT_TRUE(refused([](auto* it) { it->size = 7; }));
  EXPECT_TRUE(refused([](auto* it) { it->masked_crc32c ^= 1; }));
  EXPECT_TRUE(refused([](auto* it) { it->shape.dims = {3}; }));
  EXPECT_TRUE(refused([](auto* it) { it->shape.unknown_rank = true; }));
  EXPECT_TRUE(refused([](auto* it) { it->dtype = 9; }));
  EXPECT_TRUE(refused([](auto* it) { it->dtype = 7; }));
  EXPECT_TRUE(refused([](auto* it) { it->dtype = 21; }));
  EXPECT_TRUE(refused([](auto* it) { it->dtype = 101; }));
  EXPECT_TRUE(refused([](auto* it) { it->shard_id = 1; }));
  EXPECT_TRUE(refused([](auto* it) { it->shard_id = 2; }));
  EXPECT_TRUE(refused([](auto* it) { it->shard_id = -1; }));
}

TEST_F(DataProofTest, AsksTheChecksumOfStringLengths) {
  std::string stored = "\x02";
  std::uint32_t crc = ExtendCrc32cSize(0, 2, false);
  PutFixed32(&stored, MaskCrc32c(crc));
  crc = ExtendCrc32c(crc, stored.data() + 1, 4);
  stored += "hi";
  crc = ExtendCrc32c(crc, "hi", 2);
  folder_.Write("strings", stored);
  BundleEntry entry = MakeEntry(DType::kString, {}, 0, stored);
  entry.masked_crc32c = MaskCrc32c(crc);
  EXPECT_TRUE(DataProof({folder_.Path("strings")}).Agrees(entry));
  stored[1] ^= 1;
  folder_.Write("strings", stored);
  EXPECT_FALSE(DataProof({folder_.Path("strings")}).Agrees(entry));
}

TEST_F(DataProofTest, GivesUpOnAnIndexThatNamesTheSameBytesForEver) {
  folder_.Write("large", std::string(8 << 20, 'x'));
  DataProof proof({folder_.Path("large")});
  BundleEntry entry =
      MakeEntry(DType::kInt8, {8 << 20}, 0, std::string(8 << 20, 'x'));
  int agreed = 0;
  for (int i = 0; i < 100; ++i) {
    entry.offset = i;
    entry.size = (8 << 20) - i;
    entry.shape.dims = {entry.size};
    entry.masked_crc32c =
        MaskCrc32c(Crc32c(AsBytes(std::string((8 << 20) - 0, 'x'))));
    agreed += proof.Agrees(entry);
  }
  EXPECT_EQ(agreed, 1);
  entry = entry_;
  EXPECT_FALSE(proof.Agrees(entry));
}

}  // namespace
}  // namespace fastckpt::internal::data_proof_test
