#include "fastckpt/codec/bin_counts.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "fastckpt/platform/float_mode.h"

namespace fastckpt::internal {
namespace {

using lanes::BinFunction;
using lanes::Functions;
using lanes::kBatch;
using lanes::Scale;

// Bins are counted in several tables, as a count that was just changed is not
// at once there to be changed again.
constexpr std::size_t kTables = 4;
constexpr std::size_t kTableSize = 64;

Scale ScaleOf(const Bins& bins, double tolerance) {
  return {bins.edges[0], bins.scale, 2 * tolerance,
          static_cast<double>(kBins) - 2 * tolerance, 0.5 - tolerance};
}

// The bins of numbers of which some are near an edge.
void BinSlowly(const Bins& bins, std::span<const double> numbers,
               std::uint8_t* indices) {
  const Scale scale = ScaleOf(bins, bins.tolerance);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double at = (numbers[i] - scale.low) * scale.scale;
    const bool is_inside = at > scale.least && at < scale.most;
    const double whole = is_inside ? std::floor(at) : 0;
    if (is_inside && std::abs(at - whole - 0.5) <= scale.far) {
      indices[i] = static_cast<std::uint8_t>(whole);
    } else if (std::isnan(numbers[i])) {
      indices[i] = 0;
    } else {
      indices[i] = static_cast<std::uint8_t>(FindBin(bins, numbers[i]));
    }
  }
}

// Counts by their bins, in some tables in turn.
class BinCounter {
 public:
  void Add(std::span<const std::uint8_t> indices) {
    std::size_t i = 0;
    for (; i + kTables <= indices.size(); i += kTables) {
      for (std::size_t k = 0; k < kTables; ++k) {
        ++counts_[k][indices[i + k] % kTableSize];
      }
    }
    for (; i < indices.size(); ++i) ++counts_[0][indices[i] % kTableSize];
  }

  void AddTo(std::span<std::uint64_t, kBins> counts) const {
    for (const auto& table : counts_) {
      for (std::size_t i = 0; i < kBins; ++i) counts[i] += table[i];
    }
  }

 private:
  std::uint32_t counts_[kTables][kTableSize] = {};
};

void BinReal(const Functions& functions, const std::uint8_t* data,
             std::size_t size, std::size_t count, const Bins& bins,
             BinCounter* counter) {
  const bool in_floats = functions.bin_floats && bins.float_tolerance < 1;
  const double tolerance =
      in_floats ? bins.float_tolerance : bins.tolerance;
  const BinFunction bin = in_floats ? functions.bin_floats : functions.bin;
  const Scale scale = ScaleOf(bins, tolerance);
  const bool is_slow = tolerance >= 1;
  std::uint8_t indices[kBatch];
  for (std::size_t done = 0; done < count; done += kBatch) {
    const std::size_t some = std::min(kBatch, count - done);
    const std::uint8_t* from = data + done * size;
    if (is_slow || some < kBatch || bin(from, scale, indices)) {
      double numbers[kBatch];
      functions.widen(from, some, numbers);
      BinSlowly(bins, {numbers, some}, indices);
    }
    counter->Add({indices, some});
  }
}

template <typename Part>
void BinComplex(const std::uint8_t* data, std::size_t count, const Bins& bins,
                BinCounter* counter) {
  for (std::size_t i = 0; i < count; ++i) {
    Part parts[2];
    std::memcpy(parts, data + i * sizeof parts, sizeof parts);
    const double size = std::hypot(static_cast<double>(parts[0]),
                                   static_cast<double>(parts[1]));
    std::uint8_t index = 0;
    if (!std::isnan(parts[0]) && !std::isnan(parts[1])) {
      BinSlowly(bins, {&size, 1}, &index);
    }
    counter->Add({&index, 1});
  }
}

}  // namespace

void CountInBins(DType dtype, const void* data, std::size_t count,
                 const Bins& bins, std::span<std::uint64_t, kBins> counts,
                 const LaneRoutines& routines) {
  const PlainFloatMode mode;
  const auto* from = static_cast<const std::uint8_t*>(data);
  const Functions* functions = routines.Find(dtype);
  // Counts of 32 bits hold that many.
  constexpr std::size_t kMost = std::size_t{1} << 30;
  while (count > 0) {
    const std::size_t some = std::min(count, kMost);
    BinCounter counter;
    if (functions) {
      BinReal(*functions, from, ElementSize(dtype), some, bins, &counter);
    } else if (dtype == DType::kComplex64) {
      BinComplex<float>(from, some, bins, &counter);
    } else {
      BinComplex<double>(from, some, bins, &counter);
    }
    counter.AddTo(counts);
    from += some * ElementSize(dtype);
    count -= some;
  }
}

void LeaveOut(const Moments& moments, std::span<std::uint64_t, kBins> counts) {
  const std::uint64_t first = moments.nan + moments.negative_inf;
  const std::uint64_t last = moments.inf - moments.negative_inf;
  counts[0] -= std::min(counts[0], first);
  counts[kBins - 1] -= std::min(counts[kBins - 1], last);
}

}  // namespace fastckpt::internal
