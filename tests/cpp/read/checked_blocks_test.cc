#include "fastckpt/read/checked_blocks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/threads.h"

namespace fastckpt::internal::checked_blocks_test {
namespace {

class CheckedBlocksTest : public ::testing::TestWithParam<IoMode> {
 protected:
  CheckedBlocksTest() {
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    writer.Add({MakeInput("f", DType::kFloat, {2}, values_)});
    writer.Finish();
  }

  // Flips a bit of the block's first byte.
  void Damage() const {
    std::string file = folder_.Read("m");
    file[0] ^= 1;
    folder_.Write("m", file);
  }

  const Folder folder_;
  const std::vector<float> values_ = {1, 2};
};

INSTANTIATE_TEST_SUITE_P(EachMode, CheckedBlocksTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(CheckedBlocksTest, BlockIsRightForTheStampItWasCheckedWith) {
  const V1Reader reader({folder_.Path("m")}, GetParam());
  CheckedBlocks blocks(reader, GetParam());
  BlockScratch scratch;
  EXPECT_FALSE(blocks.IsDone({0, 0}, 7));
  blocks.Read({0, 0}, /*check=*/true, 7, &scratch);
  EXPECT_TRUE(blocks.IsDone({0, 0}, 7));
  EXPECT_FALSE(blocks.IsDone({0, 0}, 8));
}

TEST_P(CheckedBlocksTest, DamagedBlockIsNotDone) {
  const V1Reader reader({folder_.Path("m")}, GetParam());
  CheckedBlocks blocks(reader, GetParam());
  Damage();
  BlockScratch scratch;
  for (int again = 0; again < 2; ++again) {
    EXPECT_THROW(blocks.Read({0, 0}, true, 7, &scratch), Error);
  }
  EXPECT_FALSE(blocks.IsDone({0, 0}, 7));
  blocks.StateOf({0, 0}).Finish(/*is_right=*/true, 7);
  EXPECT_TRUE(blocks.IsDone({0, 0}, 7));
}

TEST_P(CheckedBlocksTest, ThreadsReadOneBlockAtOnce) {
  const V1Reader reader({folder_.Path("m")}, GetParam());
  CheckedBlocks blocks(reader, GetParam());
  std::atomic<int> found{0};
  RunTogether(8, [&](std::size_t) {
    BlockScratch scratch;
    if (!blocks.Read({0, 0}, true, 7, &scratch).contents.empty()) ++found;
  });
  EXPECT_EQ(found, 8);
  EXPECT_TRUE(blocks.IsDone({0, 0}, 7));
}

}  // namespace
}  // namespace fastckpt::internal::checked_blocks_test
