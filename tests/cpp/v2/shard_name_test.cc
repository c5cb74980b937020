#include "fastckpt/v2/shard_name.h"

#include <gtest/gtest.h>

namespace fastckpt {
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

}  // namespace
}  // namespace fastckpt
