#include "fastckpt/platform/fetched_ranges.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>

#include "testing/fake_fetcher.h"

namespace fastckpt::internal::fetched_ranges_test {
namespace {

class FetchedRangesTest : public ::testing::Test {
 protected:
  FetchedRangesTest() : ranges_(&fetcher_) {
    std::memcpy(ranges_.Add({1, 100, 4}), "efgh", 4);
    std::memcpy(ranges_.Add({1, 10, 4}), "abcd", 4);
    std::memcpy(ranges_.Add({1, 50, 4}), "lost", 4);
    std::memcpy(ranges_.Add({1, 14, 3}), "xyz", 3);
    ranges_.Finish({0, 0, 1, 0});
  }

  std::string Copied(const RangeRequest& range) const {
    std::string to(range.size, '?');
    const bool found = FetchedRanges::Copy(
        &fetcher_, range, reinterpret_cast<std::uint8_t*>(to.data()));
    return found ? to : "nothing";
  }

  const FakeFetcher fetcher_;
  FetchedRanges ranges_;
};

TEST_F(FetchedRangesTest, ThreadInAScopeGetsWhatIsHeld) {
  const FetchedRanges::Scope scope(&ranges_);
  EXPECT_EQ(Copied({1, 10, 4}), "abcd");
  EXPECT_EQ(Copied({1, 11, 2}), "bc");
  EXPECT_EQ(Copied({1, 102, 2}), "gh");
}

TEST_F(FetchedRangesTest, NeighboursAreHeldTogether) {
  const FetchedRanges::Scope scope(&ranges_);
  EXPECT_EQ(Copied({1, 10, 7}), "abcdxyz");
  EXPECT_EQ(Copied({1, 13, 2}), "dx");
}

TEST_F(FetchedRangesTest, NothingElseIsHeld) {
  const FetchedRanges::Scope scope(&ranges_);
  EXPECT_EQ(Copied({1, 9, 2}), "nothing");
  EXPECT_EQ(Copied({1, 16, 2}), "nothing");
  EXPECT_EQ(Copied({1, 10, 8}), "nothing");
  EXPECT_EQ(Copied({0, 10, 4}), "nothing");
  EXPECT_EQ(Copied({2, 10, 4}), "nothing");
  EXPECT_EQ(Copied({1, UINT64_MAX, 4}), "nothing");
  EXPECT_EQ(Copied({1, 50, 4}), "nothing");
}

TEST_F(FetchedRangesTest, ScopesAreOfTheirThreadAndEnd) {
  {
    const FetchedRanges::Scope scope(&ranges_);
    std::thread([&] { EXPECT_EQ(Copied({1, 10, 4}), "nothing"); }).join();
    const FetchedRanges::Scope none(nullptr);
    EXPECT_EQ(Copied({1, 10, 4}), "abcd");
  }
  EXPECT_EQ(Copied({1, 10, 4}), "nothing");
}

TEST_F(FetchedRangesTest, ObjectsOfAnotherFetcherAreOthers) {
  const FakeFetcher other;
  const FetchedRanges::Scope scope(&ranges_);
  std::uint8_t to[4];
  EXPECT_FALSE(FetchedRanges::Copy(&other, {1, 10, 4}, to));
}

}  // namespace
}  // namespace fastckpt::internal::fetched_ranges_test
