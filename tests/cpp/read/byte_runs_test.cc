#include "fastckpt/read/byte_runs.h"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <random>
#include <vector>

namespace fastckpt::internal::byte_runs_test {
namespace {

using Vector = std::vector<std::int64_t>;
using Bytes = std::vector<std::uint8_t>;

// A file in which byte i is i, modulo a prime.
Bytes File(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i % 251);
  }
  return bytes;
}

Bytes Join(const std::vector<ByteRun>& runs, const Bytes& file) {
  Bytes joined;
  for (const ByteRun& run : runs) {
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(run.offset);
    joined.insert(joined.end(), begin,
                  begin + static_cast<std::ptrdiff_t>(run.size));
  }
  return joined;
}

// The region's bytes in C order, element by element.
Bytes Naive(const PiecePlace& place, const Region& region,
            std::size_t item_size, const Bytes& file) {
  const Vector strides = ContiguousStrides(place.box.extent, item_size);
  Bytes bytes;
  Vector index(region.size(), 0);
  if (RegionCount(region) == 0) return bytes;
  while (true) {
    std::size_t at = place.offset;
    for (std::size_t i = 0; i < index.size(); ++i) {
      at += static_cast<std::size_t>(
          (region[i].start + index[i] * region[i].step) * strides[i]);
    }
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
    bytes.insert(bytes.end(), begin,
                 begin + static_cast<std::ptrdiff_t>(item_size));
    std::size_t i = index.size();
    while (i > 0 && ++index[i - 1] == region[i - 1].count) index[--i] = 0;
    if (i == 0) return bytes;
  }
}

PiecePlace Place(const Vector& dims, std::size_t item_size,
                 std::uint64_t offset) {
  const auto count = std::accumulate(dims.begin(), dims.end(), std::int64_t{1},
                                     std::multiplies<>());
  return {"f",
          offset,
          static_cast<std::uint64_t>(count) * item_size,
          {Vector(dims.size(), 0), dims}};
}

TEST(ByteRuns, AreTheRegionsBytesInItsOrderForAnySteps) {
  std::mt19937 random(1);
  const auto number = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (int round = 0; round < 5000; ++round) {
    Vector dims;
    Region region;
    for (std::int64_t i = number(0, 4); i > 0; --i) {
      const std::int64_t dim = number(1, 6);
      dims.push_back(dim);
      RegionDim part = {number(0, dim - 1), 0, number(1, 3)};
      part.count = number(0, (dim - 1 - part.start) / part.step + 1);
      if (part.count > 0 && number(0, 2) == 0) {
        part.start += (part.count - 1) * part.step;
        part.step = -part.step;
      }
      if (number(0, 2) == 0) part = {0, dim, 1};
      region.push_back(part);
    }
    const auto item_size = static_cast<std::size_t>(number(1, 8));
    const PiecePlace place =
        Place(dims, item_size, static_cast<std::uint64_t>(number(0, 50)));
    const Bytes file = File(place.offset + place.size);
    const std::vector<ByteRun> runs = FindByteRuns({place}, region, item_size);
    ASSERT_EQ(Join(runs, file), Naive(place, region, item_size, file)) << round;
    for (std::size_t i = 1; i < runs.size(); ++i) {
      ASSERT_NE(runs[i - 1].offset + runs[i - 1].size, runs[i].offset) << round;
    }
  }
}

TEST(ByteRuns, WholeTensorIsOneRun) {
  const auto runs =
      FindByteRuns({Place({4, 5}, 8, 100)}, WholeRegion(Vector{4, 5}), 8);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].offset, 100u);
  EXPECT_EQ(runs[0].size, 160u);
}

TEST(ByteRuns, EmptyRegionHasNone) {
  EXPECT_TRUE(FindByteRuns({Place({4}, 8, 0)}, {{0, 0, 1}}, 8).empty());
}

TEST(ByteRuns, EachPlaceGivesItsShareAndThoseThatTouchAreJoined) {
  const std::vector<PiecePlace> places = {{"f", 0, 8, {{0}, {8}}},
                                          {"f", 8, 8, {{8}, {8}}},
                                          {"g", 0, 4, {{16}, {4}}}};
  const auto runs = FindByteRuns(places, {{6, 5, 2}}, 1);
  ASSERT_EQ(runs.size(), 5u);  // 6, then 8, 10, 12 and 14
  EXPECT_EQ(runs[0].place, 0u);
  EXPECT_EQ(runs[0].offset, 6u);
  EXPECT_EQ(runs[1].place, 1u);
  EXPECT_EQ(runs[1].offset, 8u);
  const auto all = FindByteRuns(places, {{0, 20, 1}}, 1);
  ASSERT_EQ(all.size(), 2u);  // of "f" as one, of "g"
  EXPECT_EQ(all[0].size, 16u);
  EXPECT_EQ(all[1].place, 2u);
  EXPECT_EQ(all[1].size, 4u);
}

}  // namespace
}  // namespace fastckpt::internal::byte_runs_test
