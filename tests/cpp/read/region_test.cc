#include "fastckpt/read/region.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace fastckpt::internal::region_test {
namespace {

using Vector = std::vector<std::int64_t>;

TEST(Region, WholeRegionIsWholeAndCountsItsElements) {
  const Vector dims = {2, 3, 4};
  EXPECT_TRUE(IsWhole(WholeRegion(dims), dims));
  EXPECT_EQ(RegionCount(WholeRegion(dims)), 24u);
  EXPECT_EQ(RegionCount({}), 1u);
  EXPECT_EQ(RegionCount({{0, 5, 1}, {0, 0, 1}}), 0u);
}

TEST(Region, PartsAndOtherOrdersAreNotWhole) {
  EXPECT_FALSE(IsWhole({{0, 2, 1}}, Vector{3}));
  EXPECT_FALSE(IsWhole({{2, 3, -1}}, Vector{3}));
  EXPECT_FALSE(IsWhole({{0, 2, 2}}, Vector{3}));
  EXPECT_TRUE(IsWhole({{0, 1, -7}}, Vector{1}));
}

TEST(Region, IndicesInsideAreThoseThatAWalkFinds) {
  for (const RegionDim& dim :
       {RegionDim{0, 10, 1}, RegionDim{3, 4, 2}, RegionDim{9, 1, 1},
        RegionDim{1, 2, 7}, RegionDim{0, 0, 1}}) {
    for (std::int64_t begin = 0; begin < 12; ++begin) {
      for (std::int64_t extent = 0; begin + extent <= 12; ++extent) {
        std::int64_t count = 0;
        std::int64_t first = -1;
        for (std::int64_t i = 0; i < dim.count; ++i) {
          const std::int64_t at = dim.start + i * dim.step;
          if (at < begin || at >= begin + extent) continue;
          if (count++ == 0) first = i;
        }
        const IndexRange found = IndicesInside(dim, begin, extent);
        EXPECT_EQ(found.count, count) << dim.start << " " << begin;
        if (count > 0) {
          EXPECT_EQ(found.first, first);
        }
      }
    }
  }
}

TEST(Region, RisingRegionHasTheSameElements) {
  const Region rising = RisingRegion({{5, 3, -2}, {2, 4, 3}});
  EXPECT_EQ(rising[0].start, 1);
  EXPECT_EQ(rising[0].count, 3);
  EXPECT_EQ(rising[0].step, 2);
  EXPECT_EQ(rising[1].start, 2);
  EXPECT_EQ(rising[1].step, 3);
}

TEST(Region, FlippedStepsKeepEachElementsPlace) {
  std::uint8_t memory[64];
  Region region = {{5, 3, -2}, {0, 4, 1}, {7, 0, -1}};
  Destination destination = {memory, {8, 1, 1}};
  FlipNegativeSteps(&region, &destination);
  EXPECT_EQ(region[0].start, 1);
  EXPECT_EQ(region[0].step, 2);
  EXPECT_EQ(region[0].count, 3);
  EXPECT_EQ(destination.base, memory + 16);
  EXPECT_EQ(destination.strides, (Vector{-8, 1, 1}));
  EXPECT_EQ(region[1].step, 1);
}

TEST(Region, DestinationIsDenseInTheRegionsOrderOnly) {
  const Region region = {{0, 2, 1}, {5, 1, 1}, {0, 3, 1}};
  EXPECT_TRUE(IsDense(region, {nullptr, {12, 0, 4}}, 4));
  EXPECT_TRUE(IsDense(region, {nullptr, {12, 999, 4}}, 4));
  EXPECT_FALSE(IsDense(region, {nullptr, {16, 0, 4}}, 4));
  EXPECT_FALSE(IsDense(region, {nullptr, {4, 0, 8}}, 4));
  EXPECT_FALSE(IsDense(region, {nullptr, {12, 0, -4}}, 4));
  EXPECT_TRUE(IsDense({}, {nullptr, {}}, 4));
}

TEST(IndicesInside, OfAListAreThoseThatLieThere) {
  const std::vector<std::int64_t> rising = {0, 3, 4, 9};
  const RegionDim dim{0, 4, 1, rising.data()};
  const auto inside = [&](std::int64_t begin, std::int64_t extent) {
    const IndexRange range = IndicesInside(dim, begin, extent);
    return std::pair(range.first, range.count);
  };
  using Range = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(inside(0, 10), Range(0, 4));
  EXPECT_EQ(inside(3, 2), Range(1, 2));
  EXPECT_EQ(inside(5, 4).second, 0);
  EXPECT_EQ(inside(10, 2).second, 0);
}

}  // namespace
}  // namespace fastckpt::internal::region_test
