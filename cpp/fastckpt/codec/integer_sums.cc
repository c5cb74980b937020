#include "fastckpt/codec/integer_sums.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "fastckpt/codec/value_counts.h"

namespace fastckpt::internal {
namespace {

using lanes::IntegerBlock;
using lanes::kIntegers;

// Floats of one byte: digits after the first, the smallest, and the first bytes
// that are infinite, and that are NaN, but for the sign; without a minus zero
// there is one NaN in its place.
struct ByteFloat {
  Integers name;
  int digits;
  double unit;
  int infinite;
  int nan;
  bool has_minus_zero;

  bool IsInfinite(int byte) const {
    return (byte & 0x7f) >= infinite && (byte & 0x7f) < nan;
  }
  bool IsNan(int byte) const {
    return (byte & 0x7f) >= nan || (byte == 0x80 && !has_minus_zero);
  }
  bool IsFinite(int byte) const { return !IsInfinite(byte) && !IsNan(byte); }

  std::int64_t UnitsOf(int byte) const {
    const int exponent = (byte & 0x7f) >> digits;
    const std::int64_t first = exponent == 0 ? 0 : 1 << digits;
    const std::int64_t size = (first | (byte & ((1 << digits) - 1)))
                              << std::max(exponent - 1, 0);
    return byte < 0x80 ? size : -size;
  }

  double ValueOf(int byte) const {
    if (IsNan(byte)) return std::numeric_limits<double>::quiet_NaN();
    const double sign = byte < 0x80 ? 1 : -1;
    if (IsInfinite(byte)) return sign * HUGE_VAL;
    return static_cast<double>(UnitsOf(byte)) * unit;
  }
};

constexpr ByteFloat kByteFloats[] = {
    {Integers::kFloat8E5m2, 2, 0x1p-16, 0x7c, 0x7d, true},
    {Integers::kFloat8E4m3fn, 3, 0x1p-9, 0x7f, 0x7f, true},
    {Integers::kFloat8E4m3fnuz, 3, 0x1p-10, 0x80, 0x80, false},
    {Integers::kFloat8E4m3b11fnuz, 3, 0x1p-13, 0x80, 0x80, false},
    {Integers::kFloat8E5m2fnuz, 2, 0x1p-17, 0x80, 0x80, false},
};

const ByteFloat* FindByteFloat(Integers integers) {
  for (const ByteFloat& one : kByteFloats) {
    if (one.name == integers) return &one;
  }
  return nullptr;
}

bool HasValues(const ByteFloat& form, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = form.ValueOf(static_cast<int>(i));
    const bool is_same =
        std::isnan(value) ? std::isnan(values[i]) : values[i] == value;
    if (!is_same) return false;
  }
  return true;
}

// One by one: what the other way has no place for.
void CountByteFloats(const ByteFloat& form, const std::uint8_t* data,
                     std::size_t count, IntegerSums* sums) {
  std::array<std::uint64_t, kByteValues> counts = {};
  CountBytes(data, count, counts);
  std::array<double, kByteValues> values;
  for (std::size_t i = 0; i < kByteValues; ++i) {
    values[i] = form.ValueOf(static_cast<int>(i));
  }
  MergeIntegers(SumsOfCounts(counts, values, form.unit), sums);
}

// At most lanes::kByteFloats.
void AddFewByteFloats(const ByteFloat& form,
                      const lanes::ByteFloatFunctions& functions,
                      const std::uint8_t* data, std::size_t count,
                      IntegerSums* sums) {
  lanes::ByteLimits limits;
  functions.limits(data, count, &limits);
  // Of what has a sign the largest bits are the smallest number.
  const int low = limits.most < 0x80 ? limits.least : limits.most;
  const int high = limits.signed_most < 0 ? limits.least : limits.signed_most;
  const int zero = limits.signed_least == INT8_MIN ? 0x80 : 0;
  if (!form.IsFinite(low) || !form.IsFinite(high) || !form.IsFinite(zero)) {
    return CountByteFloats(form, data, count, sums);
  }
  lanes::ByteFloatSums found;
  const bool are_large = (low & 0x7f) >= 0x40 || (high & 0x7f) >= 0x40;
  functions.sum[form.digits - 2][are_large](data, count, &found);
  IntegerSums more;
  more.count = count;
  more.zeros = found.zeros;
  more.low = form.UnitsOf(low);
  more.high = form.UnitsOf(high);
  for (int i = 0; i < 4; ++i) {
    more.sum += static_cast<Int128>(found.sums[i]) * (1 << (8 * i));
    more.squares += static_cast<Int128>(found.squares[i]) << (16 * i);
  }
  // They are of halves.
  more.sum /= 2;
  more.squares /= 4;
  MergeIntegers(more, sums);
}

void AddByteFloats(const ByteFloat& form,
                   const lanes::ByteFloatFunctions& functions,
                   const std::uint8_t* data, std::size_t count,
                   IntegerSums* sums) {
  if (!functions.limits) return CountByteFloats(form, data, count, sums);
  for (std::size_t done = 0; done < count; done += lanes::kByteFloats) {
    AddFewByteFloats(form, functions, data + done,
                     std::min(lanes::kByteFloats, count - done), sums);
  }
}

// The sum of squares of distances from the mean.
double SpreadOf(const IntegerSums& sums) {
  const auto count = static_cast<Int128>(sums.count);
  constexpr Int128 kMost = ~(static_cast<Int128>(1) << 127);
  if (sums.squares <= kMost / count) {
    const Int128 squares = sums.squares * count - sums.sum * sums.sum;
    return static_cast<double>(squares) / static_cast<double>(sums.count);
  }
  // That is taken apart: sum = mean * count + rest.
  const Int128 mean = sums.sum / count;
  const Int128 product = sums.sum % count * sums.sum;
  const Int128 whole = sums.squares - mean * sums.sum - product / count;
  return static_cast<double>(whole) -
         static_cast<double>(product % count) / static_cast<double>(sums.count);
}

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
  for (const ByteFloat& one : kByteFloats) {
    if (HasValues(one, byte_values)) return one.name;
  }
  return Integers::kNone;
}

double UnitOf(Integers integers) {
  const ByteFloat* form = FindByteFloat(integers);
  return form ? form->unit : 1;
}

void AddIntegers(Integers integers, const void* data, std::size_t count,
                 IntegerSums* sums, const LaneRoutines& routines) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  if (const ByteFloat* form = FindByteFloat(integers)) {
    return AddByteFloats(*form, routines.table->byte_floats, from, count, sums);
  }
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
  sums->nan += other.nan;
  sums->inf += other.inf;
}

IntegerSums SumsOfCounts(std::span<const std::uint64_t> counts,
                         std::span<const double> values, double unit) {
  IntegerSums sums;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (!std::isfinite(values[i])) {
      (std::isnan(values[i]) ? sums.nan : sums.inf) += counts[i];
      continue;
    }
    const auto value = static_cast<std::int64_t>(values[i] / unit);
    const auto count = static_cast<Int128>(counts[i]);
    const IntegerSums more = {
        counts[i],     value == 0 ? counts[i] : 0, value, value,
        count * value, count * value * value,      0,     0};
    MergeIntegers(more, &sums);
  }
  return sums;
}

Moments MomentsOf(const IntegerSums& sums, double unit) {
  Moments found;
  found.nan = sums.nan;
  found.inf = sums.inf;
  if (sums.count == 0) return found;
  const auto count = static_cast<double>(sums.count);
  found.count = sums.count;
  found.zeros = sums.zeros;
  found.low = static_cast<double>(sums.low) * unit;
  found.high = static_cast<double>(sums.high) * unit;
  found.mean = static_cast<double>(sums.sum) / count * unit;
  found.squares = SpreadOf(sums) * (unit * unit);
  return found;
}

}  // namespace fastckpt::internal
