#include "fastckpt/table/block_flip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/tables.h"

namespace fastckpt::internal::block_flip_test {
namespace {

using ::testing::IsEmpty;

std::string MakeStored() {
  std::string file;
  AppendBlock(&file, MakeBlock({{"", "header"}, {"a", "1"}, {"ab", "2"}}));
  return file;
}

TEST(BlockFlipTest, FindsEveryBitOfContentsKindAndChecksum) {
  const std::string stored = MakeStored();
  for (std::uint64_t byte = 0; byte < stored.size(); ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const BitPlace place{byte, bit};
      const std::string damaged = FlipBit(AsBytes(stored), place);
      const auto found = FindBlockFlips(AsBytes(damaged));
      EXPECT_THAT(found, ::testing::Contains(place));
      EXPECT_EQ(FlipBit(AsBytes(damaged), place), stored);
    }
  }
}

TEST(BlockFlipTest, FindsNoneInASoundBlockNorWhereTwoBitsAreFlipped) {
  const std::string stored = MakeStored();
  EXPECT_THAT(FindBlockFlips(AsBytes(stored)), IsEmpty());
  std::string damaged = FlipBit(AsBytes(stored), {3, 1});
  damaged = FlipBit(AsBytes(damaged), {9, 4});
  EXPECT_THAT(FindBlockFlips(AsBytes(damaged)), IsEmpty());
}

TEST(BlockFlipTest, SaysWhichPartItIs) {
  EXPECT_EQ(DescribeFlip({17, 3}, 30), "bit 3 of byte 17 of its contents");
  EXPECT_EQ(DescribeFlip({25, 0}, 30), "bit 0 of its kind byte");
  EXPECT_EQ(DescribeFlip({26, 7}, 30), "bit 7 of its stored checksum");
}

}  // namespace
}  // namespace fastckpt::internal::block_flip_test
