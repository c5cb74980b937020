// Every routine that the processor can run goes through the same tests.
#include "fastckpt/codec/moments.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace fastckpt::internal::moments_test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <typename Number>
Moments MomentsOf(DType dtype, const std::vector<Number>& numbers,
                  const LaneRoutines& routines) {
  // At an odd address.
  std::vector<std::uint8_t> bytes(numbers.size() * sizeof(Number) + 1);
  if (!numbers.empty()) {
    std::memcpy(bytes.data() + 1, numbers.data(), bytes.size() - 1);
  }
  Moments found;
  AddMoments(dtype, bytes.data() + 1, numbers.size(), &found, routines);
  return found;
}

// In long double, in two passes.
Moments Expected(const std::vector<double>& numbers) {
  Moments expected;
  long double sum = 0;
  for (const double number : numbers) {
    if (std::isnan(number)) {
      ++expected.nan;
    } else if (std::isinf(number)) {
      ++expected.inf;
    } else {
      ++expected.count;
      expected.zeros += number == 0;
      expected.low = std::min(expected.low, number);
      expected.high = std::max(expected.high, number);
      sum += number;
    }
  }
  if (expected.count == 0) return expected;
  const long double mean = sum / static_cast<long double>(expected.count);
  long double squares = 0;
  for (const double number : numbers) {
    if (std::isfinite(number)) squares += (number - mean) * (number - mean);
  }
  expected.mean = static_cast<double>(mean);
  expected.squares = static_cast<double>(squares);
  return expected;
}

void ExpectSame(const Moments& found, const Moments& expected) {
  EXPECT_EQ(found.count, expected.count);
  EXPECT_EQ(found.zeros, expected.zeros);
  EXPECT_EQ(found.nan, expected.nan);
  EXPECT_EQ(found.inf, expected.inf);
  EXPECT_EQ(found.low, expected.low);
  EXPECT_EQ(found.high, expected.high);
  const double size = std::max(std::abs(found.low), std::abs(found.high));
  if (found.count == 0) return;
  EXPECT_NEAR(found.mean, expected.mean, 1e-13 * size);
  EXPECT_NEAR(found.squares, expected.squares, 1e-11 * expected.squares);
}

// Exactly as they are, of one kind of routines as of another.
void ExpectIdentical(const Moments& one, const Moments& other) {
  EXPECT_EQ(std::memcmp(&one, &other, sizeof one), 0);
}

template <typename Number>
void CheckAll(DType dtype, const std::vector<Number>& numbers,
              const std::vector<double>& wide) {
  const Moments expected = Expected(wide);
  const Moments portable = MomentsOf(dtype, numbers, AvailableLanes().back());
  for (const LaneRoutines& routines : AvailableLanes()) {
    SCOPED_TRACE(std::string(routines.name) + " " + DTypeName(dtype));
    const Moments found = MomentsOf(dtype, numbers, routines);
    ExpectSame(found, expected);
    ExpectIdentical(found, portable);
  }
}

template <typename Number>
void CheckAll(DType dtype, const std::vector<Number>& numbers) {
  std::vector<double> wide;
  for (const Number number : numbers) {
    wide.push_back(static_cast<double>(number));
  }
  CheckAll(dtype, numbers, wide);
}

template <typename Number>
std::vector<Number> Random(std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<Number> numbers(count);
  for (Number& number : numbers) {
    const std::uint64_t bits = random();
    std::memcpy(&number, &bits, sizeof number);
  }
  return numbers;
}

TEST(MomentsTest, IntegersOfEveryBitPatternAndCount) {
  for (const std::size_t count : {0u, 1u, 2u, 15u, 16u, 17u, 4095u, 9001u}) {
    CheckAll(DType::kInt16, Random<std::int16_t>(count));
    CheckAll(DType::kUint16, Random<std::uint16_t>(count));
    CheckAll(DType::kInt32, Random<std::int32_t>(count));
    CheckAll(DType::kUint32, Random<std::uint32_t>(count));
    CheckAll(DType::kInt64, Random<std::int64_t>(count));
    CheckAll(DType::kUint64, Random<std::uint64_t>(count));
  }
}

TEST(MomentsTest, FloatsOfEverySizeWithNanAndInfinities) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal(3, 100);
  for (const std::size_t count : {1u, 31u, 5000u, 20000u}) {
    for (const std::size_t strange : {0u, 7u, 4000u}) {
      std::vector<double> numbers(count);
      for (double& number : numbers) number = normal(random);
      for (std::size_t i = 0; i < count && strange > 0; i += strange) {
        const double all[] = {kNan, kInf, -kInf, 0.0, -0.0, 5e-324};
        numbers[i] = all[i / strange % 6];
      }
      CheckAll(DType::kDouble, numbers);
      CheckAll(DType::kFloat,
               std::vector<float>(numbers.begin(), numbers.end()));
    }
  }
}

double HalfToDouble(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == 31) return bits & 1023 ? kNan : sign * kInf;
  const double digits = (exponent ? 1024 : 0) + (bits & 1023);
  return sign * std::ldexp(digits, (exponent ? exponent : 1) - 25);
}

TEST(MomentsTest, EveryFloat16AndBfloat16) {
  for (std::uint32_t first = 0; first < 0x10000; first += 256) {
    std::vector<std::uint16_t> bits;
    std::vector<double> halves, brains;
    for (std::uint32_t i = 0; i < 256; ++i) {
      bits.push_back(static_cast<std::uint16_t>(first + i));
      halves.push_back(HalfToDouble(bits.back()));
      brains.push_back(
          static_cast<double>(std::bit_cast<float>((first + i) << 16)));
    }
    CheckAll(DType::kHalf, bits, halves);
    CheckAll(DType::kBfloat16, bits, brains);
  }
}

TEST(MomentsTest, NumbersFarFromZeroKeepTheirSpread) {
  for (const double far : {1e9, -1e15}) {
    std::vector<double> numbers;
    for (int i = 0; i < 10000; ++i) numbers.push_back(far + i % 3);
    for (const LaneRoutines& routines : AvailableLanes()) {
      const Moments found = MomentsOf(DType::kDouble, numbers, routines);
      // 16665 - 9999^2 / 10000; not even long double has it in two passes.
      EXPECT_NEAR(found.squares, 6666.9999, 1e-7);
      EXPECT_NEAR(found.mean, far + 0.9999, std::abs(far) * 1e-15);
    }
  }
}

TEST(MomentsTest, OneNumberFarFromAllOthersSpoilsNothing) {
  for (const std::size_t place : {0u, 1u, 4096u, 8191u}) {
    std::vector<double> numbers(8192, 1.5);
    numbers[place] = 1e30;
    CheckAll(DType::kDouble, numbers);
  }
}

TEST(MomentsTest, EqualNumbersHaveThatMeanAndNoSpread) {
  for (const LaneRoutines& routines : AvailableLanes()) {
    const Moments found =
        MomentsOf(DType::kFloat, std::vector<float>(100001, 0.1f), routines);
    EXPECT_EQ(found.mean, static_cast<double>(0.1f));
    EXPECT_EQ(found.squares, 0);
  }
}

TEST(MomentsTest, ExtremesOfWideIntegersAreExact) {
  const std::vector<std::int64_t> numbers = {INT64_MAX, -3, INT64_MIN + 1};
  for (const LaneRoutines& routines : AvailableLanes()) {
    const Moments found = MomentsOf(DType::kInt64, numbers, routines);
    EXPECT_EQ(SignedOf(found.low_order), INT64_MIN + 1);
    EXPECT_EQ(SignedOf(found.high_order), INT64_MAX);
    const Moments wide =
        MomentsOf(DType::kUint64, std::vector<std::uint64_t>{UINT64_MAX - 1, 5},
                  routines);
    EXPECT_EQ(wide.low_order, 5u);
    EXPECT_EQ(wide.high_order, UINT64_MAX - 1);
  }
}

TEST(MomentsTest, HugeNumbersHaveTheMeanThatTheirSumWouldNot) {
  const Moments found = MomentsOf(
      DType::kDouble, std::vector<double>(5000, 1.7e308), AvailableLanes()[0]);
  EXPECT_NEAR(found.mean, 1.7e308, 1e294);
  EXPECT_EQ(found.high, 1.7e308);
}

TEST(MomentsTest, ComplexNumbersHaveMagnitudes) {
  const std::vector<std::complex<float>> numbers = {
      {3, 4},
      {0, 0},
      {static_cast<float>(kNan), 1},
      {0, static_cast<float>(kInf)}};
  const Moments found =
      MomentsOf(DType::kComplex64, numbers, AvailableLanes()[0]);
  EXPECT_EQ(found.low, 0);
  EXPECT_EQ(found.high, 5);
  EXPECT_EQ(found.mean, 1.5);
  EXPECT_EQ(found.imaginary_mean, 2);
  EXPECT_EQ(found.squares, 12.5);
  EXPECT_EQ(found.zeros, 1u);
  EXPECT_EQ(found.nan, 1u);
  EXPECT_EQ(found.inf, 1u);
}

TEST(MomentsTest, MergedMomentsAreThoseOfAllNumbers) {
  std::vector<double> numbers;
  Moments merged;
  MergeMoments(Moments{}, &merged);
  for (const std::size_t count : {1u, 100u, 3u, 0u}) {
    std::vector<double> some;
    for (std::size_t i = 0; i < count; ++i) {
      some.push_back(static_cast<double>(i * count) - 50);
    }
    numbers.insert(numbers.end(), some.begin(), some.end());
    MergeMoments(MomentsOf(DType::kDouble, some, AvailableLanes()[0]), &merged);
  }
  ExpectSame(merged, Expected(numbers));
}

}  // namespace
}  // namespace fastckpt::internal::moments_test
