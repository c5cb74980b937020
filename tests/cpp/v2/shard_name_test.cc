#include "fastckpt/v2/shard_name.h"

#include <gtest/gtest.h>

namespace fastckpt::internal {
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

}  // namespace
}  // namespace fastckpt::internal
