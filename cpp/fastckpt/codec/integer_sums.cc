#include "fastckpt/codec/integer_sums.h"

#include <algorithm>

namespace fastckpt::internal {
namespace {

using lanes::IntegerBlock;
using lanes::kIntegers;

bool Fit(std::span<const double> values, double (*expected)(std::size_t)) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != expected(i)) return false;
  }
  return true;
}

// A block's numbers are these without `shift`.
void Add(const IntegerBlock& block, std::size_t count, std::int64_t shift,
         IntegerSums* sums) {
  const auto total = static_cast<Int128>(count);
  IntegerSums more;
  more.count = count;
  more.zeros = block.zeros;
  more.low = block.low + shift;
  more.high = block.high + shift;
  more.sum = block.sum + total * shift;
  more.squares = static_cast<Int128>(block.squares) +
                 2 * static_cast<Int128>(shift) * block.sum +
                 total * shift * shift;
  MergeIntegers(more, sums);
}

void AddBools(const IntegerBlock& block, std::size_t count, IntegerSums* sums) {
  const std::size_t ones = count - static_cast<std::size_t>(block.zeros);
  IntegerSums more;
  more.count = count;
  more.zeros = block.zeros;
  more.low = block.zeros == 0;
  more.high = ones > 0;
  more.sum = more.squares = static_cast<Int128>(ones);
  MergeIntegers(more, sums);
}

}  // namespace

Integers IntegersOf(DType dtype) {
  switch (dtype) {
    case DType::kInt16:
    case DType::kQint16:
      return Integers::kInt16;
    case DType::kUint16:
    case DType::kQuint16:
      return Integers::kUint16;
    default:
      return Integers::kNone;
  }
}

Integers IntegersOf(std::span<const double> byte_values) {
  const auto fit = [&](double (*expected)(std::size_t)) {
    return Fit(byte_values, expected);
  };
  if (fit([](std::size_t i) { return static_cast<double>(i); })) {
    return Integers::kUint8;
  }
  if (fit([](std::size_t i) {
        return static_cast<double>(i) - (i < 128 ? 0 : 256);
      })) {
    return Integers::kInt8;
  }
  if (fit([](std::size_t i) { return i == 0 ? 0.0 : 1.0; })) {
    return Integers::kBool;
  }
  return Integers::kNone;
}

void AddIntegers(Integers integers, const void* data, std::size_t count,
                 IntegerSums* sums, const LaneRoutines& routines) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  const bool is_wide =
      integers == Integers::kInt16 || integers == Integers::kUint16;
  const bool flips =
      integers == Integers::kUint8 || integers == Integers::kUint16;
  const std::int64_t shift = flips ? (is_wide ? 1 << 15 : 1 << 7) : 0;
  const auto sum =
      is_wide ? routines.table->sum_shorts : routines.table->sum_bytes;
  while (count > 0) {
    const std::size_t some = std::min(count, kIntegers);
    IntegerBlock block;
    sum(from, some, flips, &block);
    if (integers == Integers::kBool) {
      AddBools(block, some, sums);
    } else {
      Add(block, some, shift, sums);
    }
    from += some * (is_wide ? 2 : 1);
    count -= some;
  }
}

void MergeIntegers(const IntegerSums& other, IntegerSums* sums) {
  sums->count += other.count;
  sums->zeros += other.zeros;
  sums->low = std::min(sums->low, other.low);
  sums->high = std::max(sums->high, other.high);
  sums->sum += other.sum;
  sums->squares += other.squares;
}

IntegerSums SumsOfCounts(std::span<const std::uint64_t> counts,
                         std::span<const double> values) {
  IntegerSums sums;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const auto value = static_cast<std::int64_t>(values[i]);
    const auto count = static_cast<Int128>(counts[i]);
    const IntegerSums more = {counts[i],     value == 0 ? counts[i] : 0,
                              value,         value,
                              count * value, count * value * value};
    MergeIntegers(more, &sums);
  }
  return sums;
}

Moments MomentsOf(const IntegerSums& sums) {
  Moments found;
  if (sums.count == 0) return found;
  const auto count = static_cast<double>(sums.count);
  found.count = sums.count;
  found.zeros = sums.zeros;
  found.low = static_cast<double>(sums.low);
  found.high = static_cast<double>(sums.high);
  found.mean = static_cast<double>(sums.sum) / count;
  // 2^32 squares that are below 2^32, times as many, are below 2^96.
  const Int128 squares =
      sums.squares * static_cast<Int128>(sums.count) - sums.sum * sums.sum;
  found.squares = static_cast<double>(squares) / count;
  return found;
}

}  // namespace fastckpt::internal
