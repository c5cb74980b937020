#include "fastckpt/v2/shard_name.h"

#include <gtest/gtest.h>

namespace fastckpt::internal::shard_name_test {
namespace {

TEST(ShardName, NumbersHaveFiveDigitsAndMoreWhenNeeded) {
  EXPECT_EQ(DataName("dir/model.ckpt-200", 0, 1),
            "dir/model.ckpt-200.data-00000-of-00001");
  EXPECT_EQ(DataName("p", 12, 34567), "p.data-00012-of-34567");
  EXPECT_EQ(DataName("p", 99999, 123456), "p.data-99999-of-123456");
  EXPECT_EQ(DataName("p", INT32_MAX, INT32_MAX),
            "p.data-2147483647-of-2147483647");
}

TEST(ShardName, PrefixIsLiteral) {
  EXPECT_EQ(DataName("100%s[1]*", 0, 1), "100%s[1]*.data-00000-of-00001");
  EXPECT_EQ(IndexName("100%s[1]*"), "100%s[1]*.index");
}

TEST(ShardName, PartsOfANameGiveTheNameAgain) {
  const auto parts = ParseShardName("dir/m.data-00002-of-00010");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->stem, "dir/m.data");
  EXPECT_EQ(parts->shard, 2);
  EXPECT_EQ(parts->num_shards, 10);
  EXPECT_EQ(parts->Format(), "dir/m.data-00002-of-00010");
  EXPECT_EQ(ParseShardName("a-of-b-00000-of-00001")->stem, "a-of-b");
  EXPECT_EQ(ParseShardName("-00000-of-123456")->num_shards, 123456);
}

TEST(ShardName, OtherNamesAreNone) {
  for (const char* name :
       {"", "m", "m-of-00002", "m-00001", "m-0001-of-00002",
        "m-000001-of-00002", "m-00002-of-00002", "m-00000-of-00000",
        "m--0001-of-00002", "m-00000-of-00002.index", "m-0000x-of-00002",
        "m-00000-of-99999999999", "00000-of-00001"}) {
    EXPECT_FALSE(ParseShardName(name)) << name;
  }
}

TEST(ShardName, DataNamesAreShardNamesOfOneEnding) {
  const auto parts = ParseDataName("dir/m.data-00002-of-00010");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->stem, "dir/m");
  EXPECT_EQ(parts->shard, 2);
  EXPECT_EQ(parts->num_shards, 10);
  for (const char* name : {"m-00002-of-00010", "m.data-2-of-10", "m.data",
                           "m.data-00010-of-00010", "m.data-000002-of-00010"}) {
    EXPECT_FALSE(ParseDataName(name)) << name;
  }
}

TEST(ShardName, ANameIsOnePartOfOneBase) {
  const auto expect = [](std::string_view name, std::string_view base,
                         CheckpointPart part) {
    const PartName parts = ParsePartName(name);
    EXPECT_EQ(parts.base, base) << name;
    EXPECT_EQ(parts.part, part) << name;
  };
  expect("m.index", "m", CheckpointPart::kIndex);
  expect("m.index.index", "m.index", CheckpointPart::kIndex);
  expect("m.data-00000-of-00001", "m", CheckpointPart::kData);
  expect("m-00000-of-00001", "m-00000-of-00001", CheckpointPart::kV1);
  expect("m", "m", CheckpointPart::kV1);
}

TEST(ShardName, ADataSuffixIsADataNameWithoutAPrefix) {
  EXPECT_TRUE(IsDataSuffix(".data-00000-of-00001"));
  for (const char* suffix : {"m.data-00000-of-00001", ".data-0-of-1", "",
                             ".index", ".data-00000-of-00001.txt"}) {
    EXPECT_FALSE(IsDataSuffix(suffix)) << suffix;
  }
}

TEST(ShardName, APrefixIsSplitAtItsLastSlash) {
  EXPECT_EQ(BaseOf("a/b/m"), "m");
  EXPECT_EQ(FolderPartOf("a/b/m"), "a/b/");
  EXPECT_EQ(BaseOf("m"), "m");
  EXPECT_EQ(FolderPartOf("m"), "");
  EXPECT_EQ(FolderPartOf("/m"), "/");
}

}  // namespace
}  // namespace fastckpt::internal::shard_name_test
