// Every routine that the processor can run goes through the same tests.
#include "fastckpt/codec/bin_counts.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/codec/moments.h"

namespace fastckpt::internal::bin_counts_test {
namespace {

using Counts = std::array<std::uint64_t, kBins>;

// Of all numbers that are finite, one by one.
Counts Expected(const std::vector<double>& numbers, const Bins& bins) {
  Counts counts = {};
  for (const double number : numbers) {
    if (std::isfinite(number)) ++counts[FindBin(bins, number)];
  }
  return counts;
}

template <typename Number>
void Check(DType dtype, const std::vector<Number>& numbers,
           const std::vector<double>& wide) {
  for (const LaneRoutines& routines : AvailableLanes()) {
    SCOPED_TRACE(std::string(routines.name) + " " + DTypeName(dtype));
    Moments moments;
    AddMoments(dtype, numbers.data(), numbers.size(), &moments, routines);
    const Bins bins = MakeBins(moments.low, moments.high);
    ASSERT_EQ(bins.count, kBins);
    Counts counts = {};
    CountInBins(dtype, numbers.data(), numbers.size(), bins, counts, routines);
    LeaveOut(moments, counts);
    EXPECT_EQ(counts, Expected(wide, bins));
  }
}

template <typename Number>
void Check(DType dtype, const std::vector<Number>& numbers) {
  std::vector<double> wide;
  for (const Number number : numbers) {
    wide.push_back(static_cast<double>(number));
  }
  Check(dtype, numbers, wide);
}

std::vector<double> Normal(std::size_t count, double mean, double deviation) {
  std::mt19937_64 random(count);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<double> numbers(count);
  for (double& number : numbers) number = normal(random);
  return numbers;
}

template <typename Number>
std::vector<Number> As(const std::vector<double>& numbers) {
  std::vector<Number> result;
  for (const double number : numbers) {
    result.push_back(static_cast<Number>(number));
  }
  return result;
}

TEST(BinCountsTest, EveryTypeAtEveryScale) {
  for (const double scale : {1e-300, 1e-38, 1e-3, 1.0, 1e6, 1e30, 1e300}) {
    Check(DType::kDouble, Normal(5001, 0, scale));
    Check(DType::kDouble, Normal(5001, 100 * scale, scale));
    if (scale > 1e30 || scale < 1e-40) continue;
    Check(DType::kFloat, As<float>(Normal(5001, 0, scale)));
    Check(DType::kFloat, As<float>(Normal(5001, 1000 * scale, scale)));
  }
  Check(DType::kInt16, As<std::int16_t>(Normal(5001, 5, 3000)));
  Check(DType::kUint16, As<std::uint16_t>(Normal(5001, 30000, 3000)));
  Check(DType::kInt32, As<std::int32_t>(Normal(5001, 5, 1e8)));
  Check(DType::kUint32, As<std::uint32_t>(Normal(5001, 2e9, 1e8)));
  Check(DType::kInt64, As<std::int64_t>(Normal(5001, 5, 1e17)));
  Check(DType::kUint64, As<std::uint64_t>(Normal(5001, 1e19, 1e17)));
}

TEST(BinCountsTest, NumbersAtEdges) {
  std::vector<double> numbers;
  for (int i = 0; i <= 1000; ++i) numbers.push_back(i);
  Check(DType::kDouble, numbers);
  Check(DType::kFloat, As<float>(numbers));
  Check(DType::kInt16, As<std::int16_t>(numbers));
  Check(DType::kInt32, As<std::int32_t>(numbers));
  Check(DType::kInt64, As<std::int64_t>(numbers));
  const Bins bins = MakeBins(-1.1, 2.3);
  numbers.assign(bins.edges, bins.edges + kBins + 1);
  for (const double edge : bins.edges) {
    numbers.push_back(std::nextafter(edge, 0));
    numbers.push_back(std::nextafter(edge, 1));
    numbers.push_back(static_cast<double>(static_cast<float>(edge)));
  }
  Check(DType::kDouble, numbers);
  Check(DType::kFloat, As<float>(numbers));
}

TEST(BinCountsTest, RangesSoFarFromZeroThatEdgesAreRounded) {
  std::vector<double> numbers;
  for (int i = 0; i < 5000; ++i) numbers.push_back(1e15 + i % 60);
  Check(DType::kDouble, numbers);
}

TEST(BinCountsTest, WhatIsNotFiniteIsLeftOut) {
  std::vector<double> numbers = Normal(3000, 0, 1);
  const double strange[] = {std::nan(""), HUGE_VAL, -HUGE_VAL};
  for (std::size_t i = 0; i < 3000; i += 61) numbers[i] = strange[i % 3];
  Check(DType::kDouble, numbers);
  Check(DType::kFloat, As<float>(numbers));
}

TEST(BinCountsTest, EveryFloat16AndBfloat16) {
  std::vector<std::uint16_t> bits;
  std::vector<double> halves, brains;
  for (std::uint32_t i = 0; i < 0x10000; ++i) {
    bits.push_back(static_cast<std::uint16_t>(i));
  }
  halves.resize(bits.size());
  brains.resize(bits.size());
  const LaneRoutines& portable = AvailableLanes().back();
  const auto* data = reinterpret_cast<const std::uint8_t*>(bits.data());
  portable.Find(DType::kHalf)->widen(data, bits.size(), halves.data());
  portable.Find(DType::kBfloat16)->widen(data, bits.size(), brains.data());
  Check(DType::kHalf, bits, halves);
  Check(DType::kBfloat16, bits, brains);
}

TEST(BinCountsTest, ComplexNumbersAreCountedByMagnitude) {
  const auto nan = static_cast<float>(std::nan(""));
  const auto inf = static_cast<float>(HUGE_VAL);
  const std::vector<std::complex<float>> numbers = {
      {3, 4}, {0, 0}, {0, 10}, {nan, inf}, {inf, 1}};
  Moments moments;
  AddMoments(DType::kComplex64, numbers.data(), numbers.size(), &moments);
  Counts counts = {};
  CountInBins(DType::kComplex64, numbers.data(), numbers.size(),
              MakeBins(moments.low, moments.high), counts);
  LeaveOut(moments, counts);
  Counts expected = {};
  expected[0] = expected[25] = expected[49] = 1;
  EXPECT_EQ(counts, expected);
}

TEST(BinCountsTest, NumbersOutsideOfTheBinsAreCountedAndNothingElseIsTouched) {
  const std::vector<double> numbers(1000, 1e300);
  Counts counts = {};
  CountInBins(DType::kDouble, numbers.data(), numbers.size(), MakeBins(0, 1),
              counts);
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count;
  EXPECT_EQ(sum, 1000u);
}

}  // namespace
}  // namespace fastckpt::internal::bin_counts_test
