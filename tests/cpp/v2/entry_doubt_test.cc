#include "fastckpt/v2/entry_doubt.h"

#include <gtest/gtest.h>

#include "fastckpt/table/block_flip.h"
#include "testing/bundles.h"
#include "testing/tables.h"

namespace fastckpt::internal::entry_doubt_test {
namespace {

class EntryDoubtTest : public ::testing::Test {
 protected:
  EntryDoubtTest() {
    folder_.Write("data", "abcdefgh");
    PutBundleEntry(&value_, entry_);
  }

  Likeness Judge(const std::string& value) const {
    DataProof proof({folder_.Path("data")});
    return JudgeEntry("name", AsBytes(value), &proof);
  }

  const Folder folder_;
  const BundleEntry entry_ = MakeEntry(DType::kFloat, {2, 1}, 0, "abcdefgh");
  std::string value_;
};

TEST_F(EntryDoubtTest, BelievesWhatTheDataProve) {
  EXPECT_EQ(Judge(value_), Likeness::kProved);
  folder_.Write("data", "abcdefgx");
  EXPECT_EQ(Judge(value_), Likeness::kEntry);
}

TEST_F(EntryDoubtTest, BelievesNothingThatTheWriterWouldNotHaveWritten) {
  EXPECT_EQ(Judge(value_ + std::string("\x40\x00", 2)), Likeness::kNone);
  EXPECT_EQ(Judge(value_.substr(1)), Likeness::kNone);
  EXPECT_EQ(Judge(""), Likeness::kNone);
  // The second dimension, which is 1, becomes a field that nobody knows.
  std::string other = value_;
  other[other.rfind("\x12\x02\x08\x01")] ^= 0x08;
  EXPECT_EQ(Judge(other), Likeness::kNone);
}

TEST_F(EntryDoubtTest, SuspectsATypeThatAFlippedBitMayHaveMade) {
  std::string stored;
  AppendBlock(&stored, MakeBlock({{"name", value_}}));
  const std::size_t begin = stored.find(value_);
  // Its type, float32 and int32, and a bit of the name.
  std::string damaged = FlipBit(AsBytes(stored), {begin + 1, 1});
  damaged = FlipBit(AsBytes(damaged), {4, 2});
  const auto is_suspected = [&](const std::string& bytes) {
    const ByteView all = AsBytes(bytes);
    return IsSuspected(all.subspan(begin, value_.size()), all,
                       FlipSuspicion(all));
  };
  EXPECT_TRUE(is_suspected(damaged));
  damaged = FlipBit(AsBytes(stored), {3, 1});
  EXPECT_FALSE(is_suspected(FlipBit(AsBytes(damaged), {4, 2})));
}

}  // namespace
}  // namespace fastckpt::internal::entry_doubt_test
