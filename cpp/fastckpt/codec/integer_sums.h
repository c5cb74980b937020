// IntegerSums: what can be said of integers of one or two bytes, exactly, and
// of floats of one byte, which are multiples of the smallest.
//
// Sums of such integers are integers that 128 bits hold, so that neither the
// order nor the number of threads matters.
//
// Thread-safety: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fastckpt/codec/lanes.h"
#include "fastckpt/codec/moments.h"
#include "fastckpt/dtype.h"

namespace fastckpt::internal {

// How integers lie in bytes. Of booleans all that is not 0 is 1.
enum class Integers {
  kNone,
  kBool,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kFloat8E5m2,
  kFloat8E4m3fn,
  kFloat8E4m3fnuz,
  kFloat8E4m3b11fnuz,
  kFloat8E5m2fnuz
};

// What their numbers are multiples of, a power of two: 1 but of floats.
double UnitOf(Integers integers);

// Which integers a type of two bytes has, kNone of others.
Integers IntegersOf(DType dtype);
// Which ones these values of bytes are.
Integers IntegersOf(std::span<const double> byte_values);

__extension__ typedef __int128 Int128;

struct IntegerSums {
  std::uint64_t count = 0;  // finite ones
  std::uint64_t zeros = 0;
  std::int64_t low = INT64_MAX;
  std::int64_t high = INT64_MIN;
  Int128 sum = 0;
  Int128 squares = 0;
  std::uint64_t nan = 0;
  std::uint64_t inf = 0;
};

// Takes in `count` integers. REQUIRES: integers != kNone.
void AddIntegers(Integers integers, const void* data, std::size_t count,
                 IntegerSums* sums,
                 const LaneRoutines& routines = AvailableLanes().front());

// Takes in what is known of others.
void MergeIntegers(const IntegerSums& other, IntegerSums* sums);

// The sums of integers of which counts[i] have the value values[i] / unit.
IntegerSums SumsOfCounts(std::span<const std::uint64_t> counts,
                         std::span<const double> values, double unit = 1);

// Of integers times `unit`, a power of two.
Moments MomentsOf(const IntegerSums& sums, double unit = 1);

}  // namespace fastckpt::internal
