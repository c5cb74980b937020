#include "fastckpt/read/shard_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "testing/bundles.h"
#include "testing/folder.h"

namespace fastckpt::internal::shard_files_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ShardFilesTest : public ::testing::Test {
 protected:
  ShardFilesTest() {
    folder_.Write("f", "0123456789");
    BundleEntry first;
    first.dtype = static_cast<std::int32_t>(DType::kFloat);
    BundleEntry wrong = first;
    wrong.shard_id = -7;
    WriteBundle(folder_, "m", {{"a", first}, {"b", wrong}}, "", OneShard());
  }

  BundleIndex Index() const {
    return BundleIndex(folder_.Path("m.index"), UINT64_MAX);
  }

  std::unique_ptr<DataFile> Open() const {
    return std::make_unique<DataFile>(folder_.Path("f"), IoMode::kMap);
  }

  const Folder folder_;
};

TEST_F(ShardFilesTest, AFileIsOpenedOnceAndKept) {
  ShardFiles files(Index());
  EXPECT_THAT(files.Opened(), IsEmpty());
  const DataFile& file = files.Get(0, [&] { return Open(); });
  const DataFile& again = files.Get(0, [&]() -> std::unique_ptr<DataFile> {
    ADD_FAILURE() << "it is open";
    return nullptr;
  });
  EXPECT_EQ(&file, &again);
  EXPECT_THAT(files.Opened(), ElementsAre(&file));
}

TEST_F(ShardFilesTest, EachNumberThatEntriesNameHasAPlace) {
  ShardFiles files(Index());
  const DataFile& wrong = files.Get(-7, [&] { return Open(); });
  const DataFile& right = files.Get(0, [&] { return Open(); });
  EXPECT_THAT(files.Opened(), ElementsAre(&wrong, &right));
}

TEST_F(ShardFilesTest, WhatWasClosedIsOpenedAgain) {
  ShardFiles files(Index());
  files.Get(0, [&] { return Open(); });
  files.Close();
  EXPECT_THAT(files.Opened(), IsEmpty());
  EXPECT_EQ(files.Get(0, [&] { return Open(); }).size(), 10u);
}

TEST_F(ShardFilesTest, OfTwoThatOpenItAtOnceTheFirstIsKept) {
  ShardFiles files(Index());
  const DataFile* faster = nullptr;
  const DataFile& file = files.Get(0, [&] {
    faster = &files.Get(0, [&] { return Open(); });
    return Open();
  });
  EXPECT_EQ(&file, faster);
}

}  // namespace
}  // namespace fastckpt::internal::shard_files_test
