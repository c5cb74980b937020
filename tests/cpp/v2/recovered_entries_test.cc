#include "fastckpt/v2/recovered_entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal::recovered_entries_test {
namespace {

using ::testing::ElementsAre;

RecoveredIndex Found(
    const std::vector<std::pair<std::string, bool>>& keys_and_proofs) {
  RecoveredIndex found;
  for (const auto& [key, is_proved] : keys_and_proofs) {
    found.entries.push_back({key, {}, is_proved});
  }
  return found;
}

std::vector<std::string> Keys(const RecoveredIndex& found) {
  std::vector<std::string> keys;
  for (const RecoveredEntry& entry : found.entries) keys.push_back(entry.key);
  return keys;
}

TEST(RecoveredEntriesTest, LeavesKeysThatRise) {
  RecoveredIndex found = Found({{"a", false}, {"b", true}, {"c", false}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(found.is_whole);
}

TEST(RecoveredEntriesTest, DropsBothOfTwoOfWhichOneIsWrong) {
  RecoveredIndex found =
      Found({{"a", false}, {"c", false}, {"b", false}, {"d", false}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("a", "d"));
  EXPECT_THAT(found.lost, ElementsAre("c", "b"));
  EXPECT_FALSE(found.is_whole);
}

TEST(RecoveredEntriesTest, DropsAllOfOneKeyWhereverTheyLie) {
  RecoveredIndex found = Found({{"1/b", false},
                                {"2/b", false},
                                {"2/k", false},
                                {"2/b", false},
                                {"2/k", false},
                                {"3/b", false}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("1/b", "3/b"));
  found = Found({{"2/b", true}, {"2/k", false}, {"2/b", false}, {"2/k", true}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("2/b", "2/k"));
}

TEST(RecoveredEntriesTest, KeepsWhatIsProved) {
  RecoveredIndex found = Found({{"a", true}, {"x", false}, {"b", true}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("a", "b"));
}

TEST(RecoveredEntriesTest, DropsAllThatIsUnprovedWhereTheRestDoesNotRise) {
  RecoveredIndex found = Found(
      {{"d", false}, {"f", false}, {"e", false}, {"a", false}, {"b", true}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("b"));
  found = Found({{"b", true}, {"a", true}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("b"));
}

TEST(RecoveredEntriesTest, EachWrongKeyTakesOneOtherAlongAtMost) {
  // The first keys of two runs are damaged, and with them those that follow.
  RecoveredIndex found = Found({{"a", false},
                                {"z1", false},
                                {"z2", false},
                                {"d", false},
                                {"e", false},
                                {"f", false},
                                {"0", false},
                                {"g", false},
                                {"h", true},
                                {"i", false}});
  DropDisorder(&found);
  EXPECT_THAT(Keys(found), ElementsAre("a", "g", "h", "i"));
  EXPECT_EQ(found.lost.size(), 6);
}

TEST(RecoveredEntriesTest, DropsSlicesThatNoTensorLists) {
  const SliceSpec first = {{0, 2}};
  const SliceSpec second = {{2, 2}};
  RecoveredIndex found = Found({{SliceKey("v", first), true},
                                {SliceKey("v", second), true},
                                {SliceKey("w", first), true},
                                {std::string("\0x", 2), false},
                                {"v", true}});
  found.entries.back().entry.slices = {first, second};
  DropParts(&found);
  EXPECT_THAT(Keys(found),
              ElementsAre(SliceKey("v", first), SliceKey("v", second), "v"));
}

}  // namespace
}  // namespace fastckpt::internal::recovered_entries_test
