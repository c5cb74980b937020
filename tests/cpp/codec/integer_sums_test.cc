#include "fastckpt/codec/integer_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/codec/value_counts.h"
#include "testing/integer_sums.h"

namespace fastckpt::internal::integer_sums_test {
namespace {

constexpr Integers kAll[] = {Integers::kBool, Integers::kInt8, Integers::kUint8,
                             Integers::kInt16, Integers::kUint16};

std::size_t SizeOf(Integers integers) {
  return integers == Integers::kInt16 || integers == Integers::kUint16 ? 2 : 1;
}

template <typename Number>
std::int64_t Get(const std::uint8_t* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return number;
}

std::int64_t ValueOf(Integers integers, const std::uint8_t* from) {
  switch (integers) {
    case Integers::kBool:
      return *from != 0;
    case Integers::kInt8:
      return Get<std::int8_t>(from);
    case Integers::kUint8:
      return Get<std::uint8_t>(from);
    case Integers::kInt16:
      return Get<std::int16_t>(from);
    default:
      return Get<std::uint16_t>(from);
  }
}

IntegerSums OneByOne(Integers integers, const std::vector<std::uint8_t>& data) {
  IntegerSums sums;
  for (std::size_t i = 0; i < data.size(); i += SizeOf(integers)) {
    AddOneInteger(ValueOf(integers, data.data() + i), &sums);
  }
  return sums;
}

void ExpectRight(Integers integers, const std::vector<std::uint8_t>& data) {
  const IntegerSums expected = OneByOne(integers, data);
  for (const LaneRoutines& routines : AvailableLanes()) {
    SCOPED_TRACE(routines.name + std::to_string(data.size()));
    IntegerSums found;
    AddIntegers(integers, data.data(), data.size() / SizeOf(integers), &found,
                routines);
    ExpectEqual(found, expected);
  }
}

TEST(IntegerSumsTest, EveryCountOfEveryKindIsSummedUpOnEveryProcessor) {
  std::mt19937 random(4);
  for (const Integers integers : kAll) {
    for (std::size_t count = 0; count < 150; ++count) {
      std::vector<std::uint8_t> data(count * SizeOf(integers));
      for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
      ExpectRight(integers, data);
    }
  }
}

TEST(IntegerSumsTest, TheLimitsOverflowNothing) {
  const std::size_t many = 2 * lanes::kIntegers + 77;
  for (const Integers integers : kAll) {
    for (const int byte : {0, 0x7f, 0x80, 0xff}) {
      std::vector<std::uint8_t> data(many * SizeOf(integers),
                                     static_cast<std::uint8_t>(byte));
      ExpectRight(integers, data);
      if (SizeOf(integers) == 1) continue;
      // -2^15, 2^15 and 2^15 - 1.
      for (std::size_t i = 0; i < data.size(); i += 2) {
        data[i] = byte == 0x7f ? 0xff : 0;
      }
      ExpectRight(integers, data);
    }
  }
}

TEST(IntegerSumsTest, CountsComeToTheSame) {
  std::vector<std::uint8_t> data(1000);
  std::mt19937 random(5);
  for (auto& byte : data) byte = static_cast<std::uint8_t>(random() >> 3);
  std::array<std::uint64_t, kByteValues> counts = {};
  CountBytes(data.data(), data.size(), counts);
  std::array<double, kByteValues> values;
  for (std::size_t i = 0; i < kByteValues; ++i) {
    values[i] = static_cast<double>(i) - (i < 128 ? 0 : 256);
  }
  EXPECT_EQ(IntegersOf(values), Integers::kInt8);
  IntegerSums sums;
  AddIntegers(Integers::kInt8, data.data(), data.size(), &sums);
  ExpectEqual(SumsOfCounts(counts, values), sums);
  const Moments moments = MomentsOf(sums);
  const Moments other = MomentsOfCounts(counts, values);
  EXPECT_EQ(moments.mean, other.mean);
  EXPECT_EQ(moments.low, other.low);
  EXPECT_EQ(moments.high, other.high);
  EXPECT_EQ(moments.zeros, other.zeros);
  EXPECT_NEAR(moments.squares, other.squares, 1e-12 * other.squares);
}

TEST(IntegerSumsTest, OtherValuesOfBytesAreNoIntegers) {
  std::array<double, kByteValues> values;
  for (std::size_t i = 0; i < kByteValues; ++i) {
    values[i] = static_cast<double>(i);
  }
  EXPECT_EQ(IntegersOf(values), Integers::kUint8);
  values[200] = 7;
  EXPECT_EQ(IntegersOf(values), Integers::kNone);
  values.fill(1);
  values[0] = 0;
  EXPECT_EQ(IntegersOf(values), Integers::kBool);
  EXPECT_EQ(IntegersOf(DType::kQuint16), Integers::kUint16);
  EXPECT_EQ(IntegersOf(DType::kHalf), Integers::kNone);
}

TEST(IntegerSumsTest, NothingHasNoMoments) {
  EXPECT_EQ(MomentsOf(IntegerSums{}).count, 0u);
  EXPECT_EQ(MomentsOf(IntegerSums{}).squares, 0);
}

}  // namespace
}  // namespace fastckpt::internal::integer_sums_test
