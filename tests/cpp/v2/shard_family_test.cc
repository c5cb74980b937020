#include "fastckpt/v2/shard_family.h"

#include <gtest/gtest.h>

#include "testing/folder.h"

namespace fastckpt::internal::shard_family_test {
namespace {

TEST(ShardFamily, NamesTheCountsThatLieBesideTheIndex) {
  const Folder folder;
  folder.Write("m.data-00000-of-00002", "");
  folder.Write("m.data-00000-of-00004", "");
  folder.Write("m.data-00001-of-00003", "");
  EXPECT_EQ(DescribeOtherFamilies(folder.Path("m"), 4),
            "; the index counts 4 shards, but files of a set of 2 3 lie "
            "beside it");
}

TEST(ShardFamily, OtherPrefixesAndNamesDoNotCount) {
  const Folder folder;
  for (const char* name :
       {"n.data-00000-of-00002", "m.data-00000-of-00003x", "m.data--of-00003",
        "m.data-0-of-3", "m.data-00003-of-00003", "m.index",
        "m.data-00000-of-00001"}) {
    folder.Write(name, "");
  }
  EXPECT_EQ(DescribeOtherFamilies(folder.Path("m"), 1), "");
}

TEST(ShardFamily, MissingFolderHasNone) {
  EXPECT_EQ(DescribeOtherFamilies("/no/such/folder/m", 1), "");
}

}  // namespace
}  // namespace fastckpt::internal::shard_family_test
