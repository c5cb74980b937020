#include "fastckpt/read/range_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fastckpt/read/fetch_ahead.h"
#include "testing/fake_fetcher.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::range_run_test {
namespace {

using ::testing::ElementsAre;

class RangeRunTest : public ::testing::Test {
 protected:
  RangeRunTest() {
    for (std::size_t i = 0; i < kSize; ++i) {
      bytes_ += static_cast<char>(i % 251);
    }
    folder_.Write("f", bytes_);
    number_ = fetcher_.Open(folder_.Path("f")).number;
  }

  std::string Copied(const FetchedRanges& fetched, std::uint64_t offset,
                     std::uint64_t size) const {
    const FetchedRanges::Scope scope(&fetched);
    std::string to(size, '\0');
    const bool found =
        FetchedRanges::Copy(&fetcher_, {number_, offset, size},
                            reinterpret_cast<std::uint8_t*>(to.data()));
    return found ? to : "nothing";
  }

  static constexpr std::size_t kSize = 70 << 20;
  const Folder folder_;
  std::string bytes_;
  FakeFetcher fetcher_;
  std::uint32_t number_ = 0;
};

TEST_F(RangeRunTest, RangesAreInMemoryHoweverLong) {
  RunOptions options;
  options.threads = 3;
  const FetchedRanges fetched = FetchRanges(
      fetcher_, {{number_, 1, 20 << 20}, {number_, 40 << 20, 7}}, options);
  EXPECT_EQ(Copied(fetched, 5, 100), bytes_.substr(5, 100));
  EXPECT_EQ(Copied(fetched, (40 << 20) + 1, 6),
            bytes_.substr((40 << 20) + 1, 6));
  EXPECT_EQ(Copied(fetched, 30 << 20, 1), "nothing");
}

TEST_F(RangeRunTest, WhatIsLostIsAnErrorUnlessItMayBe) {
  fetcher_.broken_offset = 50;
  const std::vector<RangeRequest> ranges = {{number_, 50, 10},
                                            {number_, 1 << 20, 10}};
  EXPECT_THAT(Refusal(ErrorKind::kSystem,
                      [&] { FetchRanges(fetcher_, ranges, RunOptions()); }),
              ::testing::HasSubstr("the server failed"));
  const FetchedRanges fetched =
      FetchRanges(fetcher_, ranges, RunOptions(), {/*is_lenient=*/true});
  EXPECT_EQ(Copied(fetched, 50, 10), "nothing");
  EXPECT_EQ(Copied(fetched, 1 << 20, 10), bytes_.substr(1 << 20, 10));
}

TEST_F(RangeRunTest, ManyThingsComeInWindowsInTheOrderOfTheAnswers) {
  const Ahead ahead{
      70, [&](std::size_t i) {
        return std::vector<RangeRequest>{{number_, i << 20, 1 << 20}};
      }};
  std::vector<std::size_t> ends;
  const bool is_done = WithRanges(
      fetcher_, ahead, RunOptions(),
      [&](std::size_t begin, std::size_t end, const FetchedRanges& fetched) {
        for (std::size_t i = begin; i < end; ++i) {
          EXPECT_EQ(Copied(fetched, i << 20, 9), bytes_.substr(i << 20, 9));
        }
        ends.push_back(end);
        return true;
      });
  EXPECT_TRUE(is_done);
  EXPECT_EQ(ends.size(), 18u);  // of 4 MiB
  EXPECT_THAT(ends.front(), 70u);
  EXPECT_THAT(ends.back(), 4u);
  EXPECT_EQ(fetcher_.TakeCalls().size(), 1u);
}

TEST_F(RangeRunTest, LargeThingsComeInWindowsOfTheirOwn) {
  const Ahead ahead{
      3, [&](std::size_t i) {
        return std::vector<RangeRequest>{{number_, i * (20 << 20), 20 << 20}};
      }};
  std::vector<std::size_t> begins;
  EXPECT_TRUE(WithRanges(
      fetcher_, ahead, RunOptions(),
      [&](std::size_t begin, std::size_t end, const FetchedRanges& fetched) {
        begins.push_back(begin);
        EXPECT_EQ(end, begin + 1);
        const std::uint64_t last = end * (20 << 20) - 9;
        EXPECT_EQ(Copied(fetched, last, 9), bytes_.substr(last, 9));
        EXPECT_EQ(Copied(fetched, last + 1, 9), "nothing");
        return true;
      }));
  EXPECT_THAT(begins, ElementsAre(2, 1, 0));
}

TEST_F(RangeRunTest, WhatThingsShareComesOnce) {
  const Ahead ahead{
      600, [&](std::size_t i) {
        return std::vector<RangeRequest>{{number_, i / 100 << 20, 1 << 20}};
      }};
  std::vector<std::size_t> ends;
  EXPECT_TRUE(
      WithRanges(fetcher_, ahead, RunOptions(),
                 [&](std::size_t, std::size_t end, const FetchedRanges&) {
                   ends.push_back(end);
                   return true;
                 }));
  EXPECT_THAT(ends, ElementsAre(600, 400));
  EXPECT_EQ(fetcher_.TakeCalls()[0].purpose.wanted_bytes, 6u << 20);
}

TEST_F(RangeRunTest, WhatIsLostOfAWindowIsAnErrorUnlessItMayBe) {
  fetcher_.broken_offset = 1 << 20;
  Ahead ahead{2, [&](std::size_t i) {
                return std::vector<RangeRequest>{{number_, i << 20, 10}};
              }};
  const auto look = [&](std::size_t, std::size_t,
                        const FetchedRanges& fetched) {
    EXPECT_EQ(Copied(fetched, 0, 10), bytes_.substr(0, 10));
    EXPECT_EQ(Copied(fetched, 1 << 20, 10), "nothing");
    return true;
  };
  EXPECT_THAT(Refusal(ErrorKind::kSystem,
                      [&] { WithRanges(fetcher_, ahead, RunOptions(), look); }),
              ::testing::HasSubstr("the server failed"));
  ahead.is_lenient = true;
  EXPECT_TRUE(WithRanges(fetcher_, ahead, RunOptions(), look));
}

TEST_F(RangeRunTest, ReplacementWhileWindowsCameIsAnError) {
  fetcher_.at_finish = Error(ErrorKind::kCorruption, "was replaced", {});
  const Ahead ahead{2, [&](std::size_t i) {
                      return std::vector<RangeRequest>{{number_, i << 20, 10}};
                    }};
  const auto work = [](std::size_t, std::size_t, const FetchedRanges&) {
    return true;
  };
  EXPECT_THAT(Refusal(ErrorKind::kCorruption,
                      [&] { WithRanges(fetcher_, ahead, RunOptions(), work); }),
              ::testing::HasSubstr("was replaced"));
}

TEST_F(RangeRunTest, WhatWasReplacedIsNotSaidToBeDamaged) {
  const RangePlan plan = PlanRequests({{number_, 0, 10}}, 1 << 20);
  const auto find_damage = [](const PlannedRequest&, const Arrival&) {
    throw Error(ErrorKind::kCorruption, "is damaged", {});
  };
  const auto run = [&] {
    RunPlan(fetcher_, plan, /*is_unchecked=*/false, RunOptions(), find_damage);
  };
  EXPECT_THAT(Refusal(ErrorKind::kCorruption, run),
              ::testing::HasSubstr("is damaged"));
  fetcher_.at_compare = Error(ErrorKind::kCorruption, "was replaced", {});
  EXPECT_THAT(Refusal(ErrorKind::kCorruption, run),
              ::testing::HasSubstr("was replaced"));
}

TEST_F(RangeRunTest, WorkThatStopsEndsTheRest) {
  const Ahead ahead{
      70, [&](std::size_t i) {
        return std::vector<RangeRequest>{{number_, i << 20, 1 << 20}};
      }};
  int calls = 0;
  EXPECT_FALSE(WithRanges(fetcher_, ahead, RunOptions(),
                          [&](std::size_t, std::size_t, const FetchedRanges&) {
                            return ++calls < 2;
                          }));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace fastckpt::internal::range_run_test
