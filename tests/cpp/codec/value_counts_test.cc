#include "fastckpt/codec/value_counts.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

namespace fastckpt::internal::value_counts_test {
namespace {

using Counts = std::array<std::uint64_t, kByteValues>;

std::array<double, kByteValues> SignedValues() {
  std::array<double, kByteValues> values;
  for (std::size_t b = 0; b < kByteValues; ++b) {
    values[b] = static_cast<double>(b) - (b < 128 ? 0 : 256);
  }
  return values;
}

TEST(ValueCountsTest, EveryByteIsCounted) {
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

TEST(ValueCountsTest, MomentsAndBinsAreThoseOfTheValues) {
  Counts counts = {};
  counts[0] = 1;
  counts[1] = 2;
  counts[0xff] = 1;  // -1
  const auto values = SignedValues();
  const Moments found = MomentsOfCounts(counts, values);
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

TEST(ValueCountsTest, WhatIsNotFiniteIsCountedApart) {
  auto values = SignedValues();
  values[3] = std::nan("");
  values[4] = HUGE_VAL;
  Counts counts = {};
  counts[3] = 5;
  counts[4] = 6;
  Moments found = MomentsOfCounts(counts, values);
  EXPECT_EQ(found.count, 0u);
  EXPECT_EQ(found.nan, 5u);
  EXPECT_EQ(found.inf, 6u);
  counts[1] = counts[2] = 1;
  std::array<std::uint64_t, kBins> binned = {};
  CountInBins(counts, values, MakeBins(1, 2), binned);
  EXPECT_EQ(binned[0] + binned[49], 2u);
}

TEST(ValueCountsTest, WordsAndTheBytesInThemAreCountedByManyThreads) {
  WordCounter counter;
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < 100003; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i * i / 7));
  }
  const auto add = [&] { counter.Add(bytes.data(), bytes.size()); };
  std::thread other(add);
  add();
  other.join();
  Counts expected = {};
  CountBytes(bytes.data(), bytes.size(), expected);
  const std::vector<std::uint64_t> found = counter.CountBytes();
  for (std::size_t b = 0; b < kByteValues; ++b) {
    EXPECT_EQ(found[b], 2 * expected[b]);
  }
  std::vector<std::uint64_t> words(kWordValues);
  for (std::size_t i = 0; i + 2 <= bytes.size(); i += 2) {
    std::uint16_t word;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    words[word] += 2;
  }
  EXPECT_EQ(counter.CountWords(), words);
}

TEST(ValueCountsTest, WordsHaveTheValuesOfTheirType) {
  const std::vector<double> integers = WordValues(DType::kInt16);
  EXPECT_EQ(integers[1], 1);
  EXPECT_EQ(integers[0xffff], -1);
  EXPECT_EQ(WordValues(DType::kBfloat16)[0x3f80], 1);
  EXPECT_TRUE(std::isinf(WordValues(DType::kHalf)[0x7c00]));
}

}  // namespace
}  // namespace fastckpt::internal::value_counts_test
