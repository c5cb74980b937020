#include "fastckpt/codec/moments.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "fastckpt/platform/float_mode.h"

namespace fastckpt::internal {
namespace {

using lanes::Block;
using lanes::Functions;

// From here on the pivot of a block is so far from its numbers that the squares
// of distances from it say too little of distances from the mean: with at most
// 2^8 numbers in each sum the squares are off by 800 * 2^-53 times this.
constexpr double kFar = 64;

// Adds to a number and what it lacks.
void AddTo(double* number, double* rest, double more) {
  const double sum = *number + more;
  const double added = sum - *number;
  const double lost = (*number - (sum - added)) + (more - added);
  *number = sum;
  if (std::isfinite(lost)) *rest += lost;
}

// False unless all of a block is finite, and close enough.
bool Finish(const Block& block, std::size_t count, Moments* found) {
  double sum = 0;
  double squares = 0;
  for (const double one : block.sums) sum += one;
  for (const double one : block.squares) squares += one;
  if (!std::isfinite(sum) || !std::isfinite(squares)) return false;
  const auto total = static_cast<double>(count);
  found->count = count;
  found->zeros = block.zeros;
  found->low = block.low;
  found->high = block.high;
  found->low_order = block.low_order;
  found->high_order = block.high_order;
  found->mean = block.pivot;
  AddTo(&found->mean, &found->mean_rest, sum / total);
  found->squares = std::max(0.0, squares - sum * (sum / total));
  return squares <= kFar * found->squares || block.low == block.high;
}

// The mean of numbers whose sum may be no number any more.
double MeanOf(std::span<const double> numbers) {
  const auto count = static_cast<double>(numbers.size());
  double sum = 0;
  for (const double number : numbers) sum += number;
  if (std::isfinite(sum)) return sum / count;
  double mean = 0;
  for (const double number : numbers) mean += number / count;
  return mean;
}

// Any numbers, one by one.
Moments AddSlowly(std::span<double> numbers) {
  Moments found;
  std::size_t kept = 0;
  for (const double number : numbers) {
    if (std::isnan(number)) {
      ++found.nan;
    } else if (std::isinf(number)) {
      ++found.inf;
      found.negative_inf += number < 0;
    } else {
      found.zeros += number == 0;
      found.low = std::min(found.low, number);
      found.high = std::max(found.high, number);
      numbers[kept++] = number;
    }
  }
  const std::span<const double> finite = numbers.first(kept);
  found.count = kept;
  if (kept == 0) return found;
  found.mean = MeanOf(finite);
  for (const double number : finite) {
    found.squares += (number - found.mean) * (number - found.mean);
  }
  return found;
}

// The magnitude as numpy.abs has it, of either width in float64.
template <typename Part>
Moments AddComplex(const std::uint8_t* data, std::size_t count) {
  Moments found;
  double real[kMomentsBlock];
  double imaginary[kMomentsBlock];
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Part parts[2];
    std::memcpy(parts, data + i * sizeof parts, sizeof parts);
    const double a = static_cast<double>(parts[0]);
    const double b = static_cast<double>(parts[1]);
    if (std::isnan(a) || std::isnan(b)) {
      ++found.nan;
    } else if (std::isinf(a) || std::isinf(b)) {
      ++found.inf;
    } else {
      const double size = std::hypot(a, b);
      found.zeros += a == 0 && b == 0;
      found.low = std::min(found.low, size);
      found.high = std::max(found.high, size);
      real[kept] = a;
      imaginary[kept++] = b;
    }
  }
  found.count = kept;
  if (kept == 0) return found;
  found.mean = MeanOf({real, kept});
  found.imaginary_mean = MeanOf({imaginary, kept});
  for (std::size_t i = 0; i < kept; ++i) {
    const double a = real[i] - found.mean;
    const double b = imaginary[i] - found.imaginary_mean;
    found.squares += a * a + b * b;
  }
  return found;
}

// `counts`: null, or where they are counted, too.
Moments AddBlock(const Functions& functions, const std::uint8_t* data,
                 std::size_t count, std::uint32_t* counts) {
  Block block;
  Moments found;
  if (functions.sum_plainly) {
    if (counts) {
      functions.sum_and_count(data, count, &block, counts);
    } else {
      functions.sum_plainly(data, count, &block);
    }
    if (Finish(block, count, &found)) return found;
    found = {};
  }
  functions.sum(data, count, &block);
  if (Finish(block, count, &found)) return found;
  double numbers[kMomentsBlock];
  functions.widen(data, count, numbers);
  Moments slow = AddSlowly({numbers, count});
  slow.low_order = block.low_order;
  slow.high_order = block.high_order;
  return slow;
}

// `counts`: as AddBlock's; null of what has no lanes.
void AddAll(DType dtype, const void* data, std::size_t count, Moments* moments,
            std::uint32_t* counts, const LaneRoutines& routines) {
  const PlainFloatMode mode;
  const auto* from = static_cast<const std::uint8_t*>(data);
  const Functions* functions = routines.Find(dtype);
  while (count > 0) {
    const std::size_t some = std::min(count, kMomentsBlock);
    if (functions) {
      MergeMoments(AddBlock(*functions, from, some, counts), moments);
    } else if (dtype == DType::kComplex64) {
      MergeMoments(AddComplex<float>(from, some), moments);
    } else {
      MergeMoments(AddComplex<double>(from, some), moments);
    }
    from += some * ElementSize(dtype);
    count -= some;
  }
}

}  // namespace

void MergeMoments(const Moments& other, Moments* moments) {
  moments->zeros += other.zeros;
  moments->nan += other.nan;
  moments->inf += other.inf;
  moments->negative_inf += other.negative_inf;
  if (other.count == 0) return;
  moments->low = std::min(moments->low, other.low);
  moments->high = std::max(moments->high, other.high);
  moments->low_order = std::min(moments->low_order, other.low_order);
  moments->high_order = std::max(moments->high_order, other.high_order);
  if (moments->count == 0) {
    moments->count = other.count;
    moments->mean = other.mean;
    moments->imaginary_mean = other.imaginary_mean;
    moments->mean_rest = other.mean_rest;
    moments->squares = other.squares;
    return;
  }
  const auto before = static_cast<double>(moments->count);
  const auto more = static_cast<double>(other.count);
  const double share = more / (before + more);
  const auto merge = [&](double mean, double rest, double* into,
                         double* into_rest) {
    const double step = (mean - *into) + (rest - *into_rest);
    if (std::isfinite(step)) {
      AddTo(into, into_rest, step * share);
    } else {  // the distance may be infinite where the mean is not
      *into = *into * (1 - share) + mean * share;
    }
    return step * step * (before * share);
  };
  double none = 0;
  const double real =
      merge(other.mean, other.mean_rest, &moments->mean, &moments->mean_rest);
  const double imaginary =
      merge(other.imaginary_mean, 0, &moments->imaginary_mean, &none);
  moments->squares += real + imaginary + other.squares;
  moments->count += other.count;
}

bool HasMoments(DType dtype) {
  return AvailableLanes().back().Find(dtype) != nullptr ||
         dtype == DType::kComplex64 || dtype == DType::kComplex128;
}

void AddMoments(DType dtype, const void* data, std::size_t count,
                Moments* moments, const LaneRoutines& routines) {
  AddAll(dtype, data, count, moments, nullptr, routines);
}

void AddAndCount(DType dtype, const void* data, std::size_t count,
                 Moments* moments, std::uint32_t* counts,
                 const LaneRoutines& routines) {
  AddAll(dtype, data, count, moments, counts, routines);
}

}  // namespace fastckpt::internal
