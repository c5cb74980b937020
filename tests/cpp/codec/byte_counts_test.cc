#include "fastckpt/codec/byte_counts.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace fastckpt::internal {
namespace {

using Counts = std::array<std::uint64_t, kByteValues>;

std::array<double, kByteValues> SignedValues() {
  std::array<double, kByteValues> values;
  for (std::size_t b = 0; b < kByteValues; ++b) {
    values[b] = static_cast<double>(b) - (b < 128 ? 0 : 256);
  }
  return values;
}

TEST(ByteCountsTest, EveryByteIsCounted) {
  for (const std::size_t count : {0u, 1u, 7u, 8u, 1000u}) {
    std::vector<std::uint8_t> bytes;
    Counts expected = {};
    for (std::size_t i = 0; i < count; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(i * i));
      ++expected[bytes.back()];
    }
    Counts counts = {};
    CountBytes(bytes.data(), bytes.size(), counts);
    EXPECT_EQ(counts, expected);
    CountBytes(bytes.data(), bytes.size(), counts);
    EXPECT_EQ(counts[0], 2 * expected[0]);
  }
}

TEST(ByteCountsTest, MomentsAndBinsAreThoseOfTheValues) {
  Counts counts = {};
  counts[0] = 1;
  counts[1] = 2;
  counts[0xff] = 1;  // -1
  const auto values = SignedValues();
  const Moments found = MomentsOfBytes(counts, values);
  EXPECT_EQ(found.count, 4u);
  EXPECT_EQ(found.zeros, 1u);
  EXPECT_EQ(found.low, -1);
  EXPECT_EQ(found.high, 1);
  EXPECT_EQ(found.mean, 0.25);
  EXPECT_EQ(found.squares, 2.75);
  std::array<std::uint64_t, kBins> binned = {};
  CountInBins(counts, values, MakeBins(-1, 1), binned);
  EXPECT_EQ(binned[0], 1u);
  EXPECT_EQ(binned[25], 1u);
  EXPECT_EQ(binned[49], 2u);
}

TEST(ByteCountsTest, WhatIsNotFiniteIsCountedApart) {
  auto values = SignedValues();
  values[3] = std::nan("");
  values[4] = HUGE_VAL;
  Counts counts = {};
  counts[3] = 5;
  counts[4] = 6;
  Moments found = MomentsOfBytes(counts, values);
  EXPECT_EQ(found.count, 0u);
  EXPECT_EQ(found.nan, 5u);
  EXPECT_EQ(found.inf, 6u);
  counts[1] = counts[2] = 1;
  std::array<std::uint64_t, kBins> binned = {};
  CountInBins(counts, values, MakeBins(1, 2), binned);
  EXPECT_EQ(binned[0] + binned[49], 2u);
}

}  // namespace
}  // namespace fastckpt::internal
