#include "fastckpt/edit/table_salvage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "fastckpt/table/table_reader.h"
#include "testing/folder.h"
#include "testing/refusal.h"
#include "testing/tables.h"

namespace fastckpt::internal::table_salvage_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TableSalvageTest : public ::testing::Test {
 protected:
  std::vector<std::string> KeysOf(const std::string& file) const {
    folder_.Write("from", file);
    is_whole_ = SalvageTable(folder_.Path("from"), folder_.Path("to")).is_whole;
    const DataFile data(folder_.Path("to"), IoMode::kRead);
    std::vector<std::string> keys;
    TableReader(data, UINT64_MAX).VisitAll([&](std::string_view key, ByteView) {
      keys.emplace_back(key);
    });
    return keys;
  }

  const Folder folder_;
  mutable bool is_whole_ = true;
  const std::string file_ = JoinBlocks({{"", MakeBlock({{"", "meta"}})},
                                        {"a", MakeBlock({{"a", "1"}})},
                                        {"b", MakeBlock({{"b", "2"}})}});
};

TEST_F(TableSalvageTest, TakesAllBlocksWithoutFooter) {
  EXPECT_THAT(KeysOf(file_.substr(0, file_.size() - 10)),
              ElementsAre("", "a", "b"));
}

TEST_F(TableSalvageTest, LeavesOutABlockThatIsNotSound) {
  std::string damaged = file_;
  damaged[damaged.find('1')] ^= 1;
  EXPECT_THAT(KeysOf(damaged), ElementsAre("", "b"));
  EXPECT_FALSE(is_whole_);
}

TEST_F(TableSalvageTest, RefusesAFileWhoseFirstBlockIsGone) {
  std::string damaged = file_;
  damaged[damaged.find('m')] ^= 1;
  EXPECT_THAT(CorruptionOf([&] { KeysOf(damaged); }),
              HasSubstr("says what is in the file is damaged"));
  EXPECT_THAT(CorruptionOf([&] { KeysOf("nothing"); }),
              HasSubstr("no block of the file is sound"));
}

TEST_F(TableSalvageTest, RefusesAFileThatIsTooLargeToBeHeld) {
  folder_.Write("from", "x");
  std::filesystem::resize_file(folder_.Path("from"), kMaxSalvagedTable + 1);
  EXPECT_THAT(UnsupportedOf([&] {
                SalvageTable(folder_.Path("from"), folder_.Path("to"));
              }),
              HasSubstr("over the limit"));
}

}  // namespace
}  // namespace fastckpt::internal::table_salvage_test
