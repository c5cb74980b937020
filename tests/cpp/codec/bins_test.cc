#include "fastckpt/codec/bins.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace fastckpt::internal::bins_test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// By the definition, in which every edge is looked at.
std::size_t Expected(const Bins& bins, double value) {
  std::size_t bin = 0;
  while (bin + 1 < kBins && value >= bins.edges[bin + 1]) ++bin;
  return bin;
}

TEST(BinsTest, EdgesAreEvenlySpacedAndEndAtTheLargest) {
  const Bins bins = MakeBins(-1, 99);
  EXPECT_EQ(bins.count, kBins);
  for (std::size_t i = 0; i <= kBins; ++i) {
    EXPECT_EQ(bins.edges[i], -1 + 2.0 * static_cast<double>(i));
  }
}

TEST(BinsTest, WhereThereIsNoNumberThereIsNoBin) {
  EXPECT_EQ(MakeBins(kInf, -kInf).count, 0u);
  EXPECT_EQ(MakeBins(std::nan(""), 1).count, 0u);
}

TEST(BinsTest, RangeWithoutRoomForBinsHasOne) {
  for (const auto& [low, high] : {std::pair(1.0, 1.0),
                                  {0.0, 5e-324},
                                  {1.0, 1.0 + 4e-16},
                                  {-1.7e308, 1.7e308},
                                  {0.0, kInf}}) {
    const Bins bins = MakeBins(low, high);
    EXPECT_EQ(bins.count, 1u) << low << " " << high;
    EXPECT_EQ(bins.edges[0], low);
    EXPECT_EQ(bins.edges[1], high);
  }
}

TEST(BinsTest, NumbersAtAndBesideEdgesAreInTheBinThatBeginsThere) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> numbers(-1, 1);
  for (int round = 0; round < 200; ++round) {
    const double low = std::ldexp(numbers(random), round - 100);
    const Bins bins = MakeBins(low, low + std::abs(numbers(random)));
    if (bins.count != kBins) continue;
    for (const double edge : bins.edges) {
      for (const double value :
           {std::nextafter(edge, -kInf), edge, std::nextafter(edge, kInf)}) {
        if (value < low || value > bins.edges[kBins]) continue;
        EXPECT_EQ(FindBin(bins, value), Expected(bins, value));
      }
    }
  }
}

TEST(BinsTest, LargestNumberIsInTheLastBin) {
  EXPECT_EQ(FindBin(MakeBins(0, 7), 7), kBins - 1);
}

}  // namespace
}  // namespace fastckpt::internal::bins_test
