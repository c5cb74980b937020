#include "fastckpt/edit/index_salvage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fastckpt/v2/bundle_index.h"
#include "testing/bundles.h"
#include "testing/refusal.h"

namespace fastckpt::internal::index_salvage_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kNoLimit = UINT64_MAX;

class IndexSalvageTest : public ::testing::Test {
 protected:
  IndexSalvageTest() {
    WriteBundle(folder_, "one", {{"a", MakeEntry(DType::kInt8, {3}, 0, "abc")}},
                "abc");
    WriteBundle(folder_, "two", {{"b", MakeEntry(DType::kInt8, {2}, 1, "ef")}},
                "def");
  }

  SalvagePart Part(const std::string& name) const {
    return {folder_.Path(name + ".index"),
            {folder_.Path(name + ".data-00000-of-00001")}};
  }

  std::string To() const { return folder_.Path("to.index"); }

  const Folder folder_;
};

TEST_F(IndexSalvageTest, JoinsPartsUnderNewShards) {
  const IndexSalvage done =
      SalvageIndex({Part("one"), Part("two")}, To(), kNoLimit, nullptr);
  EXPECT_THAT(done.repairs, IsEmpty());
  EXPECT_TRUE(done.is_whole);
  const BundleIndex index(To(), kNoLimit);
  EXPECT_EQ(index.header().num_shards, 2);
  ASSERT_EQ(index.entry_count(), 2);
  EXPECT_EQ(index.entry(0).shard, 0);
  EXPECT_EQ(index.entry(1).shard, 1);
  EXPECT_EQ(index.entry(1).offset, 1);
}

TEST_F(IndexSalvageTest, LosesATensorThatTwoPartsHave) {
  const IndexSalvage done =
      SalvageIndex({Part("one"), Part("one")}, To(), kNoLimit, nullptr);
  EXPECT_THAT(done.lost, ElementsAre("a"));
  EXPECT_EQ(BundleIndex(To(), kNoLimit).entry_count(), 0);
}

TEST_F(IndexSalvageTest, AdoptsAnIndexWithChecksumsOfTheData) {
  folder_.Write("other", "xyz");
  AdoptIndex(Part("one").index, {folder_.Path("other")}, To(), kNoLimit,
             nullptr);
  const BundleIndex index(To(), kNoLimit);
  ASSERT_EQ(index.entry_count(), 1);
  EXPECT_EQ(index.entry(0).crc32c, Crc32c(AsBytes("xyz")));
}

TEST_F(IndexSalvageTest, AdoptsNoneForDataOfAnotherSizeOrNumber) {
  const auto refusal = [&](std::vector<std::string> data) {
    return CorruptionOf(
        [&] { AdoptIndex(Part("one").index, data, To(), kNoLimit, nullptr); });
  };
  folder_.Write("longer", "xyzz");
  EXPECT_THAT(refusal({folder_.Path("longer")}), HasSubstr("has 4 bytes"));
  EXPECT_THAT(refusal({folder_.Path("longer"), folder_.Path("longer")}),
              HasSubstr("of 1 data files, and 2"));
}

TEST_F(IndexSalvageTest, AdoptsNoneWhereStringsDoNotLieAsItSays) {
  WriteBundle(folder_, "text",
              {{"s", MakeEntry(DType::kString, {}, 0, "1234567")}}, "1234567");
  EXPECT_THAT(CorruptionOf([&] {
                const SalvagePart part = Part("text");
                AdoptIndex(part.index, part.data, To(), kNoLimit, nullptr);
              }),
              HasSubstr("strings"));
}

}  // namespace
}  // namespace fastckpt::internal::index_salvage_test
