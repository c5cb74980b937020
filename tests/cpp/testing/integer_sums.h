// IntegerSums one number after the other, and compared.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "fastckpt/codec/integer_sums.h"

namespace fastckpt::internal {

inline void AddOneInteger(std::int64_t value, IntegerSums* sums) {
  ++sums->count;
  sums->zeros += value == 0;
  sums->low = std::min(sums->low, value);
  sums->high = std::max(sums->high, value);
  sums->sum += value;
  sums->squares += static_cast<Int128>(value) * value;
}

inline void ExpectEqual(const IntegerSums& found, const IntegerSums& expected) {
  EXPECT_EQ(found.count, expected.count);
  EXPECT_EQ(found.zeros, expected.zeros);
  EXPECT_EQ(found.nan, expected.nan);
  EXPECT_EQ(found.inf, expected.inf);
  EXPECT_EQ(found.low, expected.low);
  EXPECT_EQ(found.high, expected.high);
  EXPECT_TRUE(found.sum == expected.sum);
  EXPECT_TRUE(found.squares == expected.squares);
}

}  // namespace fastckpt::internal
