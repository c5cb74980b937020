#include "fastckpt/read/fetch_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/platform/remote_file.h"
#include "testing/fake_fetcher.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::fetch_ahead_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Things of 3 MiB each, of which two make a window, and one of 20 MiB.
class FetchAheadTest : public ::testing::Test {
 protected:
  FetchAheadTest() {
    std::string bytes(50 << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); i += 997) {
      bytes[i] = static_cast<char>(i % 251);
    }
    folder_.Write("f", bytes);
    bytes_ = std::move(bytes);
    file_ = std::make_unique<RemoteFile>(folder_.Path("f"), fetcher_);
  }

  RangeRequest RangeOf(std::size_t i) const {
    constexpr std::uint64_t kSize = 3 << 20;
    if (i == 5) return {file_->number(), 5 * kSize, 20 << 20};
    return {file_->number(), i < 5 ? i * kSize : (i - 1) * kSize + (20 << 20),
            kSize};
  }

  // Runs and gives the things in the order of the work on them, whose bytes
  // are compared.
  std::vector<std::size_t> Run() const {
    std::vector<std::size_t> done;
    const Ahead ahead{9, [&](std::size_t i) {
                        return std::vector<RangeRequest>{RangeOf(i)};
                      }};
    EXPECT_TRUE(WithRanges(
        *fetcher_, ahead, RunOptions(),
        [&](std::size_t begin, std::size_t end, const FetchedRanges& fetched) {
          const FetchedRanges::Scope scope(&fetched);
          for (std::size_t i = begin; i < end; ++i) {
            const RangeRequest range = RangeOf(i);
            std::string came(range.size, '\0');
            file_->Read(
                range.offset,
                {reinterpret_cast<std::uint8_t*>(came.data()), came.size()});
            EXPECT_TRUE(came == bytes_.substr(range.offset, range.size)) << i;
            done.push_back(i);
          }
          return true;
        }));
    return done;
  }

  const Folder folder_;
  std::string bytes_;
  const std::shared_ptr<FakeFetcher> fetcher_ = std::make_shared<FakeFetcher>();
  std::unique_ptr<RemoteFile> file_;
};

TEST_F(FetchAheadTest, EachIsWorkedOnOnceAsItComesAndFetchedOnce) {
  std::vector<std::size_t> done = Run();
  // Answers come in the opposite order.
  EXPECT_GT(done.front(), 5u);
  EXPECT_LT(done.back(), 2u);
  std::sort(done.begin(), done.end());
  EXPECT_THAT(done, ::testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  const auto calls = fetcher_->TakeCalls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].purpose.wanted_bytes, std::uint64_t{44} << 20);
}

TEST_F(FetchAheadTest, NothingThatIsWantedIsNothingToWaitFor) {
  std::vector<std::size_t> ends;
  const Ahead ahead{3, [](std::size_t) { return std::vector<RangeRequest>(); }};
  EXPECT_TRUE(
      WithRanges(*fetcher_, ahead, RunOptions(),
                 [&](std::size_t, std::size_t end, const FetchedRanges&) {
                   ends.push_back(end);
                   return true;
                 }));
  EXPECT_THAT(ends, ::testing::ElementsAre(3));
  EXPECT_TRUE(fetcher_->TakeCalls().empty());
}

TEST_F(FetchAheadTest, WhatIsFoundWrongMayHaveBeenReplaced) {
  const Ahead ahead{
      1, [&](std::size_t i) { return std::vector<RangeRequest>{RangeOf(i)}; }};
  const auto run = [&] {
    WithRanges(*fetcher_, ahead, RunOptions(),
               [](std::size_t, std::size_t, const FetchedRanges&) -> bool {
                 ThrowCorruption("wrong bytes");
               });
  };
  EXPECT_THAT(CorruptionOf(run),
              AllOf(HasSubstr("wrong bytes"), Not(HasSubstr("replaced"))));
  fetcher_->is_telling = false;
  EXPECT_THAT(CorruptionOf(run),
              HasSubstr("wrong bytes; or the object was replaced"));
  fetcher_->at_compare = Error(ErrorKind::kCorruption, "it is another one");
  EXPECT_THAT(CorruptionOf(run), HasSubstr("it is another one"));
}

}  // namespace
}  // namespace fastckpt::internal::fetch_ahead_test
