#include "fastckpt/read/slot_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <vector>

#include "fastckpt/read/v1_source.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"

namespace fastckpt::internal::slot_groups_test {
namespace {

// A file of tensors of `count` floats each.
class SlotGroupsTest : public ::testing::Test {
 protected:
  void Write(std::size_t tensors, std::size_t count) {
    const std::vector<float> values(count, 1);
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    std::vector<TensorInput> inputs;
    for (std::size_t i = 0; i < tensors; ++i) {
      inputs.push_back(MakeInput(Numbered("w", i), DType::kFloat,
                                 {static_cast<std::int64_t>(count)}, values));
    }
    writer.Add(inputs);
    writer.Finish();
  }

  // Runs over all slots; gives how many SeenFiles there were. The mark takes
  // the place of what the source wants to know again.
  std::size_t CountGroups(std::size_t threads) {
    const V1Source source({folder_.Path("m")}, IoMode::kRead);
    std::vector<std::size_t> slots(source.slot_count());
    std::iota(slots.begin(), slots.end(), std::size_t{0});
    std::vector<std::atomic<int>> calls(slots.size());
    std::atomic<std::size_t> groups{0};
    RunOptions options;
    options.threads = threads;
    EXPECT_TRUE(ForEachSlot(source, slots, options,
                            [&](std::size_t i, SeenFiles* seen) {
                              ++calls[i];
                              bool* is_known = seen->Recall<bool>();
                              if (!*is_known) ++groups;
                              *is_known = true;
                            }));
    for (const auto& count : calls) EXPECT_EQ(count, 1);
    return groups;
  }

  const Folder folder_;
};

TEST_F(SlotGroupsTest, SmallNeighboursAreOneGroup) {
  Write(600, 1);
  EXPECT_EQ(CountGroups(1), 3u);  // of at most 256
  EXPECT_EQ(CountGroups(4), 3u);
}

TEST_F(SlotGroupsTest, LargeTensorsAreGroupsOfTheirOwn) {
  Write(8, 65536);  // 256 KiB each
  EXPECT_EQ(CountGroups(4), 8u);
}

TEST_F(SlotGroupsTest, WhatIsDoneIsCounted) {
  Write(600, 3);
  const V1Source source({folder_.Path("m")}, IoMode::kRead);
  const std::vector<std::size_t> slots{0, 7, 599};
  Progress progress;
  RunOptions options;
  options.progress = &progress;
  std::vector<std::uint64_t> totals;
  EXPECT_TRUE(CountEachSlot(
      source, slots, options,
      [&](std::size_t, SeenFiles*) { totals.push_back(progress.total); }));
  EXPECT_EQ(totals, std::vector<std::uint64_t>(3, 36));  // known at once
  EXPECT_EQ(progress.done, 36u);
}

TEST_F(SlotGroupsTest, NothingToDoIsDone) {
  Write(600, 1);
  const V1Source source({folder_.Path("m")}, IoMode::kRead);
  EXPECT_TRUE(ForEachSlot(source, {}, {}, [](std::size_t, SeenFiles*) {
    FAIL() << "there is no slot";
  }));
}

}  // namespace
}  // namespace fastckpt::internal::slot_groups_test
