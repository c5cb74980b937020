#include "fastckpt/read/range_plan.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace fastckpt::internal::range_plan_test {
namespace {

constexpr std::uint64_t kKiB = 1 << 10;
constexpr std::uint64_t kMiB = 1 << 20;

std::vector<WantedRange> Wanted(const std::vector<RangeRequest>& ranges) {
  std::vector<WantedRange> wanted;
  for (const RangeRequest& range : ranges) {
    wanted.push_back({range, wanted.size()});
  }
  return wanted;
}

RangePlan Plan(const std::vector<RangeRequest>& ranges,
               std::uint64_t limit = 16 * kMiB) {
  return PlanRanges(Wanted(ranges), limit);
}

std::uint64_t Fetched(const RangePlan& plan) {
  std::uint64_t bytes = 0;
  for (const PlannedRequest& request : plan.requests) {
    bytes += request.range.size;
  }
  return bytes;
}

TEST(RangePlan, NeighboursAreOneRequest) {
  const RangePlan plan = Plan({{0, 100, 50}, {0, 0, 100}, {0, 150, 1}});
  ASSERT_EQ(plan.requests.size(), 1u);
  EXPECT_EQ(plan.requests[0].range.offset, 0u);
  EXPECT_EQ(plan.requests[0].range.size, 151u);
  EXPECT_EQ(plan.wanted_bytes, 151u);
  EXPECT_EQ(plan.wanted[0].number, 1u);
}

TEST(RangePlan, SmallGapsAreReadOverAndLargeOnesNot) {
  EXPECT_EQ(Plan({{0, 0, kMiB}, {0, kMiB + 256 * kKiB, kMiB}}).requests.size(),
            1u);
  EXPECT_EQ(
      Plan({{0, 0, kMiB}, {0, kMiB + 256 * kKiB + 1, kMiB}}).requests.size(),
      2u);
}

TEST(RangePlan, OverReadIsBoundedAndTheSmallestGapsComeFirst) {
  // 400 KiB allow 100 more: the gap of 10 and one of 60, not both of those.
  const RangePlan plan = Plan({{0, 0, 100 * kKiB},
                               {0, 160 * kKiB, 100 * kKiB},
                               {0, 270 * kKiB, 100 * kKiB},
                               {0, 430 * kKiB, 100 * kKiB}});
  EXPECT_EQ(plan.requests.size(), 2u);
  EXPECT_EQ(Fetched(plan), 470 * kKiB);
}

// As a column of a matrix has them.
TEST(RangePlan, OfVeryManyGapsThoseThatCostLessThanARequestAreReadOver) {
  const auto every = [](std::uint64_t step, std::uint64_t count) {
    std::vector<RangeRequest> ranges;
    for (std::uint64_t i = 0; i < count; ++i)
      ranges.push_back({0, i * step, 4});
    return ranges;
  };
  EXPECT_GT(Plan(every(100, 1025)).requests.size(), 1000u);
  EXPECT_EQ(Plan(every(100, 1026)).requests.size(), 1u);
  EXPECT_EQ(Plan(every(4101, 1026)).requests.size(), 1026u);
  EXPECT_EQ(Plan(every(4100, 1026), 8 * kMiB).requests.size(), 1u);
}

TEST(RangePlan, PartsOfAPieceBeginNoRequestOfTheirOwn) {
  const RangePlan plan = Plan({{0, 0, 10}, {0, 10, 4}, {0, 10, 32}}, 32);
  EXPECT_EQ(plan.requests.size(), 2u);
  EXPECT_EQ(Fetched(plan), 42u);
}

TEST(RangePlan, ObjectsAreApart) {
  EXPECT_EQ(Plan({{0, 0, 100}, {1, 100, 100}}).requests.size(), 2u);
}

TEST(RangePlan, NoRequestIsLongerThanTheLimit) {
  std::vector<RangeRequest> ranges;
  for (std::uint64_t i = 0; i < 10; ++i) ranges.push_back({0, i * 10, 10});
  const RangePlan plan = Plan(ranges, 32);
  for (const PlannedRequest& request : plan.requests) {
    EXPECT_LE(request.range.size, 32u);
  }
  EXPECT_EQ(Fetched(plan), 100u);
}

TEST(RangePlan, WhatIsWantedTwiceIsFetchedOnce) {
  const RangePlan plan = Plan({{0, 0, 100}, {0, 0, 100}, {0, 20, 30}});
  ASSERT_EQ(plan.requests.size(), 1u);
  EXPECT_EQ(plan.wanted_bytes, 100u);
  EXPECT_EQ(plan.requests[0].range.size, 100u);
  EXPECT_EQ(plan.requests[0].last, 3u);
}

TEST(RangePlan, AnyRangesAreAllFetchedWithinTheBounds) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<RangeRequest> ranges;
    const std::uint64_t scale = 1u << (random() % 20);
    for (int i = 0; i < 50; ++i) {
      ranges.push_back({static_cast<std::uint32_t>(random() % 3),
                        random() % (100 * scale), 1 + random() % scale});
    }
    const RangePlan plan = Plan(ranges, 2 * kMiB);
    EXPECT_LE(Fetched(plan), plan.wanted_bytes + plan.wanted_bytes / 4);
    std::size_t next = 0;
    for (const PlannedRequest& request : plan.requests) {
      EXPECT_EQ(request.first, next);
      next = request.last;
      for (std::size_t i = request.first; i < request.last; ++i) {
        EXPECT_EQ(plan.wanted[i].range.object, request.range.object);
        EXPECT_GE(plan.wanted[i].range.offset, request.range.offset);
        EXPECT_LE(plan.wanted[i].range.end(), request.range.end());
      }
    }
    EXPECT_EQ(next, ranges.size());
  }
}

TEST(RangePlan, CallsAreManyRequestsOfAMebibyteOrTwo) {
  EXPECT_EQ(RequestLimit(1), kMiB);
  EXPECT_EQ(RequestLimit(64 * kMiB), kMiB);
  EXPECT_EQ(RequestLimit(96 * kMiB), kMiB + kMiB / 2);
  EXPECT_EQ(RequestLimit(UINT64_MAX), 2 * kMiB);
  for (std::uint64_t bytes = 60 * kMiB; bytes < 140 * kMiB; bytes += 12'345) {
    EXPECT_EQ(RequestLimit(bytes) % kRequestStep, 0u) << bytes;
  }
}

TEST(RangePlan, WhatLiesInALongRequestIsNotAskedForAgain) {
  const RangePlan plan =
      Plan({{0, 0, 10 * kMiB}, {0, 2 * kMiB, kMiB}, {0, 9 * kMiB, kMiB}}, kMiB);
  ASSERT_EQ(plan.requests.size(), 1u);
  EXPECT_EQ(plan.requests[0].last, 3u);
  EXPECT_EQ(Fetched(plan), 10 * kMiB);
}

}  // namespace
}  // namespace fastckpt::internal::range_plan_test
