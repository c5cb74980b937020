// Every routine that the processor can run goes through the same tests, and so
// do bytes that are counted: all is exact.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/codec/integer_sums.h"
#include "fastckpt/codec/value_counts.h"
#include "testing/integer_sums.h"

namespace fastckpt::internal::lanes_byte_floats_test {
namespace {

using Values = std::array<double, kByteValues>;
using Data = std::vector<std::uint8_t>;

// A type: its digits and bias, and which bytes are not finite.
struct Type {
  Integers name;
  int digits;
  int bias;
  int infinite;  // but for the sign; 0: none
  int first_nan;
  bool has_minus_zero;
};

constexpr Type kTypes[] = {
    {Integers::kFloat8E5m2, 2, 15, 0x7c, 0x7d, true},
    {Integers::kFloat8E4m3fn, 3, 7, 0, 0x7f, true},
    {Integers::kFloat8E4m3fnuz, 3, 8, 0, 0x80, false},
    {Integers::kFloat8E4m3b11fnuz, 3, 11, 0, 0x80, false},
    {Integers::kFloat8E5m2fnuz, 2, 16, 0, 0x80, false},
};

double ValueOf(const Type& type, int byte) {
  const int size = byte & 0x7f;
  const double sign = byte < 0x80 ? 1 : -1;
  if (size >= type.first_nan) return std::nan("");
  if (byte == 0x80 && !type.has_minus_zero) return std::nan("");
  if (type.infinite && size == type.infinite) return sign * HUGE_VAL;
  const double part = std::ldexp(size % (1 << type.digits), -type.digits);
  const int exponent = size >> type.digits;
  return sign * (exponent == 0 ? std::ldexp(part, 1 - type.bias)
                               : std::ldexp(1 + part, exponent - type.bias));
}

Values ValuesOf(const Type& type) {
  Values values;
  for (std::size_t i = 0; i < kByteValues; ++i) {
    values[i] = ValueOf(type, static_cast<int>(i));
  }
  return values;
}

IntegerSums OneByOne(const Values& values, double unit, const Data& data) {
  IntegerSums sums;
  for (const std::uint8_t byte : data) {
    const double value = values[byte];
    sums.nan += std::isnan(value);
    sums.inf += std::isinf(value);
    if (!std::isfinite(value)) continue;
    const auto units = static_cast<std::int64_t>(value / unit);
    EXPECT_EQ(static_cast<double>(units) * unit, value);
    AddOneInteger(units, &sums);
  }
  return sums;
}

class LanesByteFloatsTest : public ::testing::TestWithParam<Type> {
 protected:
  void ExpectRight(const Data& data) const {
    const IntegerSums expected = OneByOne(values_, unit_, data);
    for (const LaneRoutines& routines : AvailableLanes()) {
      SCOPED_TRACE(routines.name + std::to_string(data.size()));
      IntegerSums found;
      AddIntegers(type_.name, data.data(), data.size(), &found, routines);
      ExpectEqual(found, expected);
    }
    std::array<std::uint64_t, kByteValues> counts = {};
    CountBytes(data.data(), data.size(), counts);
    ExpectEqual(SumsOfCounts(counts, values_, unit_), expected);
    const Moments moments = MomentsOf(expected, unit_);
    const Moments other = MomentsOfCounts(counts, values_);
    EXPECT_EQ(moments.count, other.count);
    EXPECT_EQ(moments.zeros, other.zeros);
    EXPECT_EQ(moments.nan, other.nan);
    EXPECT_EQ(moments.inf, other.inf);
    EXPECT_EQ(moments.low, other.low);
    EXPECT_EQ(moments.high, other.high);
    EXPECT_DOUBLE_EQ(moments.mean, other.mean);
    EXPECT_NEAR(moments.squares, other.squares, 1e-12 * other.squares);
  }

  const Type type_ = GetParam();
  const Values values_ = ValuesOf(type_);
  const double unit_ = UnitOf(type_.name);
  std::mt19937 random_{7};
};

INSTANTIATE_TEST_SUITE_P(Types, LanesByteFloatsTest,
                         ::testing::ValuesIn(kTypes), [](const auto& it) {
                           return "n" + std::to_string(it.index);
                         });

TEST_P(LanesByteFloatsTest, TypesAreKnownByTheirValues) {
  EXPECT_EQ(IntegersOf(values_), type_.name);
  EXPECT_EQ(unit_, values_[1]);
  for (const std::size_t byte : {1u, 0x7fu, 0x80u, 0xffu}) {
    Values other = values_;
    other[byte] = 3.25;
    EXPECT_EQ(IntegersOf(other), Integers::kNone);
  }
  EXPECT_EQ(UnitOf(Integers::kInt8), 1);
}

TEST_P(LanesByteFloatsTest, EveryCountOfEveryKind) {
  // All bytes; finite ones; small ones, for which fewer sums are enough.
  for (const std::uint8_t mask : {std::uint8_t{0xff}, std::uint8_t{0xfb},
                                  std::uint8_t{0xbf}, std::uint8_t{0x3f}}) {
    for (std::size_t count = 0; count < 150; ++count) {
      Data data(count);
      for (auto& byte : data) {
        byte = static_cast<std::uint8_t>(random_() & mask);
        if (mask != 0xff && byte == 0x80) byte = 0x81;
        if (mask == 0xfb && (byte & 0x7f) > 0x7b) byte &= 0x83;
      }
      ExpectRight(data);
    }
  }
}

TEST_P(LanesByteFloatsTest, ManyOfOneByteOverflowNothing) {
  const std::size_t many = 2 * lanes::kByteFloats + 77;
  for (std::size_t byte = 0; byte < kByteValues; ++byte) {
    ExpectRight(Data(many, static_cast<std::uint8_t>(byte)));
  }
}

TEST_P(LanesByteFloatsTest, SignsThatAlternateCancelOut) {
  for (const int size : {1, 7, 8, 0x3f, 0x40, 0x7b}) {
    Data data(lanes::kByteFloats + 64);
    for (std::size_t i = 0; i < data.size(); ++i) {
      data[i] = static_cast<std::uint8_t>(size | (i % 2 ? 0x80 : 0));
    }
    ExpectRight(data);
    IntegerSums sums;
    AddIntegers(type_.name, data.data(), data.size(), &sums);
    EXPECT_EQ(MomentsOf(sums, unit_).mean, 0);
  }
}

TEST_P(LanesByteFloatsTest, OneStrangeByteIsFoundAnywhere) {
  for (const int strange : {0x7c, 0x7d, 0x7f, 0x80, 0xfc, 0xff, 0}) {
    for (const std::size_t place : {0u, 63u, 64u, 8127u, 8128u, 9000u}) {
      Data data(9001, 0x31);
      data[place] = static_cast<std::uint8_t>(strange);
      ExpectRight(data);
    }
  }
}

TEST_P(LanesByteFloatsTest, TheSpreadOfVeryManyIsRight) {
  std::array<std::uint64_t, kByteValues> counts = {};
  // Neighbours, and the whole range.
  for (const std::size_t low : {0x7au, 0xfbu}) {
    counts.fill(0);
    counts[0x7b] = std::uint64_t{1} << 40;
    counts[low] = (std::uint64_t{1} << 40) + 12345;
    const double expected = (values_[0x7b] - values_[low]) *
                            (values_[0x7b] - values_[low]) / 2 * 0x1p40 *
                            (0x1p40 + 12345) / (0x1p40 + 12345.0 / 2);
    const Moments found =
        MomentsOf(SumsOfCounts(counts, values_, unit_), unit_);
    EXPECT_NEAR(found.squares, expected, 1e-14 * expected);
    counts[low] = 0;
    const Moments equal =
        MomentsOf(SumsOfCounts(counts, values_, unit_), unit_);
    EXPECT_EQ(equal.squares, 0);
    EXPECT_EQ(equal.mean, values_[0x7b]);
  }
}

}  // namespace
}  // namespace fastckpt::internal::lanes_byte_floats_test
