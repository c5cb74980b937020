#include "fastckpt/platform/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fastckpt::internal::parallel_test {
namespace {

using std::chrono::milliseconds;

TEST(Parallel, EveryItemRunsOnceOnAnyNumberOfThreads) {
  for (const std::size_t threads : {0u, 1u, 2u, 8u, 1000u}) {
    for (const std::size_t count : {0u, 1u, 7u, 5000u}) {
      std::vector<std::atomic<int>> runs(count);
      EXPECT_TRUE(
          ParallelFor(count, threads, [&](std::size_t i) { ++runs[i]; }));
      EXPECT_TRUE(std::all_of(runs.begin(), runs.end(),
                              [](const auto& run) { return run == 1; }));
    }
  }
}

TEST(Parallel, OneThreadIsTheCallersAndKeepsTheOrder) {
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  ParallelFor(100, 1, [&](std::size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
  });
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 100u);
}

// Two items that wait for each other end only if two threads work at once.
TEST(Parallel, ItemsOverlapInTime) {
  std::atomic<int> there{0};
  ParallelFor(2, 2, [&](std::size_t) {
    ++there;
    while (there < 2) std::this_thread::yield();
  });
  EXPECT_EQ(there, 2);
}

TEST(Parallel, FirstExceptionReachesTheCallerWithItsText) {
  for (const std::size_t threads : {1u, 4u}) {
    try {
      ParallelFor(1000, threads, [](std::size_t i) {
        if (i == 17) throw std::runtime_error("item 17");
      });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "item 17");
    }
  }
}

TEST(Parallel, NoItemStartsAfterAnException) {
  std::atomic<std::size_t> started{0};
  EXPECT_THROW(ParallelFor(1'000'000, 4,
                           [&](std::size_t) {
                             ++started;
                             throw std::runtime_error("at once");
                           }),
               std::runtime_error);
  EXPECT_LE(started, 4u);
}

TEST(Parallel, ExceptionOfEveryThreadIsHandled) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> there{0};
    EXPECT_THROW(ParallelFor(4, 4,
                             [&](std::size_t) {
                               ++there;
                               while (there < 4) std::this_thread::yield();
                               throw std::runtime_error("all at once");
                             }),
                 std::runtime_error);
  }
}

TEST(Parallel, InterruptEndsTheWorkEarly) {
  for (const std::size_t threads : {1u, 4u}) {
    std::atomic<std::size_t> done{0};
    const bool finished = ParallelFor(
        100'000, threads,
        [&](std::size_t) {
          ++done;
          std::this_thread::sleep_for(milliseconds(1));
        },
        [] { return true; });
    EXPECT_FALSE(finished);
    EXPECT_LT(done, 50'000u);
  }
}

TEST(Parallel, InterruptIsAskedByTheCallersThreadAlone) {
  std::set<std::thread::id> asked;
  EXPECT_TRUE(ParallelFor(
      60, 4, [](std::size_t) { std::this_thread::sleep_for(milliseconds(20)); },
      [&] {
        asked.insert(std::this_thread::get_id());
        return false;
      }));
  EXPECT_EQ(asked, std::set{std::this_thread::get_id()});
}

TEST(Parallel, ShortWorkIsNotInterrupted) {
  EXPECT_TRUE(ParallelFor(
      10, 2, [](std::size_t) {}, [] { return true; }));
}

TEST(Parallel, ThereIsAThreadAvailable) { EXPECT_GE(AvailableThreads(), 1u); }

}  // namespace
}  // namespace fastckpt::internal::parallel_test
