#include "fastckpt/platform/remote_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fastckpt/platform/data_file.h"
#include "testing/fake_fetcher.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::remote_file_test {
namespace {

class RemoteFileTest : public ::testing::Test {
 protected:
  RemoteFileTest() {
    for (std::size_t i = 0; i < kSize; ++i) {
      bytes_ += static_cast<char>(i * 7 + i / 251);
    }
    folder_.Write("f", bytes_);
  }

  static constexpr std::size_t kSize = (33 << 20) + 5;
  const Folder folder_;
  std::string bytes_;
  const std::shared_ptr<FakeFetcher> fetcher_ = std::make_shared<FakeFetcher>();
};

TEST_F(RemoteFileTest, LongReadIsCutIntoRequests) {
  const DataFile file(folder_.Path("f"), fetcher_);
  EXPECT_EQ(file.size(), kSize);
  Scratch scratch;
  const ByteView got = file.Read(3, kSize - 3, &scratch);
  EXPECT_EQ(AsText(got), bytes_.substr(3));
  const auto calls = fetcher_->TakeCalls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].requests.size(), 3u);
  EXPECT_TRUE(calls[0].purpose.is_unchecked);
}

TEST_F(RemoteFileTest, NothingIsAskedForNoBytes) {
  const DataFile file(folder_.Path("f"), fetcher_);
  Scratch scratch;
  EXPECT_TRUE(file.Read(kSize, 0, &scratch).empty());
  EXPECT_TRUE(fetcher_->TakeCalls().empty());
}

TEST_F(RemoteFileTest, WhatFailsIsThrown) {
  const DataFile file(folder_.Path("f"), fetcher_);
  fetcher_->broken_offset = 5;
  Scratch scratch;
  EXPECT_THAT(Refusal(ErrorKind::kSystem, [&] { file.Read(5, 2, &scratch); }),
              ::testing::HasSubstr("the server failed"));
}

TEST_F(RemoteFileTest, ReplacedObjectIsAnErrorThoughAllCame) {
  const DataFile file(folder_.Path("f"), fetcher_);
  fetcher_->at_finish = Error(ErrorKind::kCorruption, "it was replaced");
  Scratch scratch;
  EXPECT_THAT(
      Refusal(ErrorKind::kCorruption, [&] { file.Read(5, 2, &scratch); }),
      ::testing::HasSubstr("it was replaced"));
}

TEST_F(RemoteFileTest, MissingObjectIsNoFile) {
  EXPECT_THAT(Refusal(ErrorKind::kSystem,
                      [&] { DataFile(folder_.Path("g"), fetcher_); }),
              ::testing::HasSubstr("cannot open"));
}

}  // namespace
}  // namespace fastckpt::internal::remote_file_test
