// Every routine that the processor can run goes through the same tests: they
// agree to the last bit, and with long double in two passes.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/codec/moments.h"
#include "fastckpt/codec/value_counts.h"

namespace fastckpt::internal::lanes_halves_test {
namespace {

using Bits = std::vector<std::uint16_t>;

double ValueOf(DType dtype, std::uint16_t bits) {
  if (dtype == DType::kBfloat16) {
    return static_cast<double>(std::bit_cast<float>(std::uint32_t{bits} << 16));
  }
  const int exponent = bits >> 10 & 31;
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == 31) return bits & 1023 ? std::nan("") : sign * HUGE_VAL;
  const double digits = (exponent ? 1024 : 0) + (bits & 1023);
  return sign * std::ldexp(digits, (exponent ? exponent : 1) - 25);
}

struct Sums {
  Moments moments;  // without the mean and squares
  long double mean = 0;
  long double squares = 0;
};

Sums Expected(DType dtype, const Bits& numbers) {
  Sums expected;
  Moments& moments = expected.moments;
  std::vector<double> finite;
  for (const std::uint16_t bits : numbers) {
    const double value = ValueOf(dtype, bits);
    moments.nan += std::isnan(value);
    moments.inf += std::isinf(value);
    moments.negative_inf += std::isinf(value) && value < 0;
    if (!std::isfinite(value)) continue;
    finite.push_back(value);
    moments.zeros += value == 0;
    moments.low = std::min(moments.low, value);
    moments.high = std::max(moments.high, value);
  }
  moments.count = finite.size();
  if (finite.empty()) return expected;
  for (const double value : finite) expected.mean += value;
  expected.mean /= static_cast<long double>(finite.size());
  for (const double value : finite) {
    const long double distance = value - expected.mean;
    expected.squares += distance * distance;
  }
  return expected;
}

Moments Found(DType dtype, const Bits& numbers, const LaneRoutines& routines) {
  // At an odd address.
  std::vector<std::uint8_t> bytes(numbers.size() * 2 + 1);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(numbers.data()),
              numbers.size() * 2, bytes.data() + 1);
  Moments found;
  AddMoments(dtype, bytes.data() + 1, numbers.size(), &found, routines);
  // Counted at the same time they are the same, and all are counted.
  Moments counted;
  std::vector<std::uint32_t> counts(kWordValues);
  AddAndCount(dtype, bytes.data() + 1, numbers.size(), &counted, counts.data(),
              routines);
  EXPECT_EQ(std::memcmp(&found, &counted, sizeof found), 0);
  for (const std::uint16_t bits : numbers) --counts[bits];
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0u),
            static_cast<std::ptrdiff_t>(kWordValues));
  return found;
}

// Digits: what float64 leaves of `squares`, where they are of float64 at all.
void ExpectRight(DType dtype, const Bits& numbers, const std::string& what) {
  SCOPED_TRACE(what + " " + DTypeName(dtype) + " " +
               std::to_string(numbers.size()));
  const Sums expected = Expected(dtype, numbers);
  const Moments portable = Found(dtype, numbers, AvailableLanes().back());
  for (const LaneRoutines& routines : AvailableLanes()) {
    SCOPED_TRACE(routines.name);
    const Moments found = Found(dtype, numbers, routines);
    EXPECT_EQ(std::memcmp(&found, &portable, sizeof found), 0);
    EXPECT_EQ(found.count, expected.moments.count);
    EXPECT_EQ(found.zeros, expected.moments.zeros);
    EXPECT_EQ(found.nan, expected.moments.nan);
    EXPECT_EQ(found.inf, expected.moments.inf);
    EXPECT_EQ(found.negative_inf, expected.moments.negative_inf);
    EXPECT_EQ(found.low, expected.moments.low);
    EXPECT_EQ(found.high, expected.moments.high);
    if (found.count == 0) continue;
    const double size = std::max(std::abs(found.low), std::abs(found.high));
    EXPECT_NEAR(found.mean, static_cast<double>(expected.mean), 1e-13 * size);
    const auto squares = static_cast<double>(expected.squares);
    EXPECT_NEAR(found.squares, squares, 1e-11 * squares);
  }
}

class LanesHalvesTest : public ::testing::TestWithParam<DType> {
 protected:
  // Of finite numbers from 0 on: the last.
  std::uint16_t largest() const {
    return GetParam() == DType::kHalf ? 0x7bff : 0x7f7f;
  }
  std::uint16_t one() const {
    return GetParam() == DType::kHalf ? 0x3c00 : 0x3f80;
  }
  // The first that is not subnormal.
  std::uint16_t normal() const {
    return GetParam() == DType::kHalf ? 0x0400 : 0x0080;
  }

  Bits Make(std::size_t count,
            const std::function<std::uint16_t(std::size_t)>& at) const {
    Bits numbers(count);
    for (std::size_t i = 0; i < count; ++i) numbers[i] = at(i);
    return numbers;
  }

  void Check(const std::string& what,
             const std::function<std::uint16_t(std::size_t)>& at) const {
    for (const std::size_t count :
         {1u, 2u, 31u, 32u, 33u, 63u, 64u, 4095u, 4096u, 4097u, 9001u}) {
      ExpectRight(GetParam(), Make(count, at), what);
    }
  }
};

std::uint16_t Cast(std::size_t bits) {
  return static_cast<std::uint16_t>(bits);
}

INSTANTIATE_TEST_SUITE_P(Types, LanesHalvesTest,
                         ::testing::Values(DType::kHalf, DType::kBfloat16),
                         [](const auto& it) { return DTypeName(it.param); });

TEST_P(LanesHalvesTest, EveryPatternInAnyOrder) {
  Bits all(kWordValues);
  std::iota(all.begin(), all.end(), std::uint16_t{0});
  ExpectRight(GetParam(), all, "in order");
  std::mt19937 random(5);
  std::shuffle(all.begin(), all.end(), random);
  ExpectRight(GetParam(), all, "shuffled");
  std::erase_if(all, [&](auto bits) { return (bits & 0x7fff) > largest(); });
  ExpectRight(GetParam(), all, "finite");
  std::erase_if(all, [](auto bits) { return bits >> 15 == 0; });
  ExpectRight(GetParam(), all, "negative");
}

TEST_P(LanesHalvesTest, EveryCountHasItsLimitsAndZeros) {
  std::mt19937 random(6);
  for (std::size_t count = 1; count <= 130; ++count) {
    for (const std::size_t signs : {0u, 0x8000u, 0xffffu}) {
      Bits numbers = Make(count, [&](std::size_t) {
        const auto size = random() % (largest() + 1u);
        return Cast(signs == 0xffff ? size | (random() & 0x8000)
                                    : size | signs);
      });
      ExpectRight(GetParam(), numbers, "random");
      numbers.back() = Cast(count % 2 << 15);
      ExpectRight(GetParam(), numbers, "a zero");
    }
  }
}

TEST_P(LanesHalvesTest, WhatIsNotFiniteIsFoundAnywhere) {
  const auto infinite = Cast(largest() + 1u);
  for (const std::size_t strange :
       {infinite + 0u, infinite | 0x8000u, infinite + 1u, 0xffffu}) {
    for (const std::size_t place : {0u, 1u, 31u, 32u, 4095u, 4096u, 4099u}) {
      Bits numbers = Make(4100, [&](auto i) { return Cast(one() + i % 50); });
      numbers[place] = Cast(strange);
      ExpectRight(GetParam(), numbers, "strange");
    }
    Check("nothing else", [&](std::size_t) { return Cast(strange); });
  }
}

TEST_P(LanesHalvesTest, EqualNumbersHaveThatMeanAndNoSpread) {
  for (const std::size_t size : {0u, 1u, 0x33u, 0x3f81u, 0x3c01u}) {
    for (const std::size_t bits :
         {size, size | 0x8000u, largest() - size % 2u}) {
      Check("equal", [&](std::size_t) { return Cast(bits); });
      const Moments found =
          Found(GetParam(), Bits(9001, Cast(bits)), AvailableLanes()[0]);
      EXPECT_EQ(found.mean, ValueOf(GetParam(), Cast(bits)));
      EXPECT_EQ(found.squares, 0);
    }
  }
}

TEST_P(LanesHalvesTest, TheSmallestAndTheLargest) {
  Check("subnormal", [&](auto i) { return Cast(1 + i * i % (normal() - 1u)); });
  Check("of both signs",
        [&](auto i) { return Cast((i * i % normal()) | (i % 3 << 15)); });
  Check("largest", [&](auto i) { return Cast(largest() - i % 7); });
  Check("far apart", [&](auto i) { return Cast(i % 2 ? largest() : 1u); });
}

TEST_P(LanesHalvesTest, SumsThatCancelOut) {
  Check("largest", [&](auto i) { return Cast(largest() | (i % 2 << 15)); });
  Check("and small ones", [&](auto i) {
    return Cast(i % 3 == 2 ? i % 100 : largest() | (i % 3 << 15));
  });
}

TEST_P(LanesHalvesTest, SpreadsThatAreSmallBesideTheMean) {
  for (const std::size_t place : {0u, 1u, 777u, 4095u}) {
    Check("one differs",
          [&](auto i) { return Cast(one() + (i % 4096 == place)); });
    Check("one is far away",
          [&](auto i) { return i % 4096 == place ? largest() : one(); });
  }
  Check("neighbours", [&](auto i) { return Cast(one() + 100 + i % 2); });
  Check("negative", [&](auto i) { return Cast((one() + i % 9) | 0x8000); });
}

}  // namespace
}  // namespace fastckpt::internal::lanes_halves_test
