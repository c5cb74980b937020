#include "fastckpt/codec/bin_counts.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "fastckpt/platform/float_mode.h"

namespace fastckpt::internal {
namespace {

using lanes::BinFunction;
using lanes::Functions;
using lanes::kBatch;
using lanes::Scale;

// Below this many numbers tables of pairs cost more than they save.
constexpr std::size_t kManyNumbers = 8192;
constexpr std::size_t kPlaces = 64;
static_assert(kBins < kPlaces && kBatch % 8 == 0);

Scale ScaleOf(const Bins& bins, double tolerance) {
  return {bins.edges[0], bins.scale, 2 * tolerance,
          static_cast<double>(kBins) - 2 * tolerance, 0.5 - tolerance};
}

// Counts bins, which are below kPlaces, in some tables in turn, as a count that
// was just changed is not at once there to be changed again.
class SingleCounter {
 public:
  void Add(std::span<const std::uint8_t> indices) {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      ++counts_[i % kTables][indices[i] % kPlaces];
    }
  }

  void AddTo(std::span<std::uint64_t, kBins> counts) {
    for (const auto& table : counts_) {
      for (std::size_t i = 0; i < kBins; ++i) counts[i] += table[i];
    }
  }

 private:
  static constexpr std::size_t kTables = 4;
  std::uint32_t counts_[kTables][kPlaces] = {};
};

// By pairs of neighbours: half as many counts are changed.
class PairCounter {
 public:
  void Add(std::span<const std::uint8_t> indices) {
    if (indices.size() < kBatch) return singles_.Add(indices);
    // A pair has a count of 16 bits.
    if (added_ + kBatch / 2 > UINT16_MAX) Empty();
    added_ += kBatch / 2;
    for (std::size_t i = 0; i < kBatch; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, indices.data() + i, sizeof word);
      // In each 16 bits the lower byte, and above its 6 bits the upper one.
      word = (word & 0x003f003f003f003f) | ((word >> 2) & 0x0fc00fc00fc00fc0);
      ++pairs_[word & 0xffff];
      ++pairs_[(word >> 16) & 0xffff];
      ++pairs_[(word >> 32) & 0xffff];
      ++pairs_[word >> 48];
    }
  }

  void AddTo(std::span<std::uint64_t, kBins> counts) {
    Empty();
    singles_.AddTo(counts);
    for (std::size_t i = 0; i < kBins; ++i) counts[i] += counts_[i];
  }

 private:
  void Empty() {
    for (std::size_t i = 0; i < kBins; ++i) {
      std::uint32_t all = 0;
      for (std::size_t k = 0; k < kBins; ++k) {
        const std::uint32_t count = pairs_[i * kPlaces + k];
        all += count;
        counts_[k] += count;
      }
      counts_[i] += all;
    }
    std::memset(pairs_, 0, sizeof pairs_);
    added_ = 0;
  }

  std::uint16_t pairs_[kPlaces * kPlaces] = {};
  std::size_t added_ = 0;
  std::uint32_t counts_[kBins] = {};
  SingleCounter singles_;
};

// Mends indices that are off by one at most. NaN stays where it is.
class Mender {
 public:
  explicit Mender(const Bins& bins) {
    std::copy(bins.edges + 1, bins.edges + kBins, edges_ + 1);
    edges_[0] = -std::numeric_limits<double>::infinity();
    edges_[kBins] = std::numeric_limits<double>::quiet_NaN();
  }

  void Mend(std::span<const double> numbers, std::uint8_t* indices) const {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::size_t bin = indices[i];
      bin += numbers[i] >= edges_[bin + 1];
      bin -= numbers[i] < edges_[bin];
      indices[i] = static_cast<std::uint8_t>(bin);
    }
  }

 private:
  double edges_[kBins + 1];
};

void LookUp(const Bins& bins, std::span<const double> numbers,
            std::uint8_t* indices) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool is_number = !std::isnan(numbers[i]);
    indices[i] =
        static_cast<std::uint8_t>(is_number ? FindBin(bins, numbers[i]) : 0);
  }
}

template <typename BinCounter>
void BinReal(const Functions& functions, const std::uint8_t* data,
             std::size_t size, std::size_t count, const Bins& bins,
             BinCounter* counter) {
  const bool in_floats = functions.bin_floats && bins.float_tolerance < 1;
  const double tolerance = in_floats ? bins.float_tolerance : bins.tolerance;
  const BinFunction bin = in_floats ? functions.bin_floats : functions.bin;
  const Scale scale = ScaleOf(bins, tolerance);
  const Mender mender(bins);
  std::uint8_t indices[kBatch];
  double numbers[kBatch];
  std::uint8_t rest[kBatch * sizeof(double)] = {};
  for (std::size_t done = 0; done < count; done += kBatch) {
    const std::size_t some = std::min(kBatch, count - done);
    const std::uint8_t* from = data + done * size;
    if (some < kBatch) {
      std::memcpy(rest, from, some * size);
      from = rest;
    }
    if (tolerance >= 1) {
      functions.widen(from, some, numbers);
      LookUp(bins, {numbers, some}, indices);
    } else if (bin(from, scale, indices)) {
      functions.widen(from, some, numbers);
      mender.Mend({numbers, some}, indices);
    }
    counter->Add({indices, some});
  }
}

template <typename Part, typename BinCounter>
void BinComplex(const std::uint8_t* data, std::size_t count, const Bins& bins,
                BinCounter* counter) {
  for (std::size_t i = 0; i < count; ++i) {
    Part parts[2];
    std::memcpy(parts, data + i * sizeof parts, sizeof parts);
    const double size = std::hypot(static_cast<double>(parts[0]),
                                   static_cast<double>(parts[1]));
    std::uint8_t index = 0;
    if (!std::isnan(parts[0]) && !std::isnan(parts[1])) {
      LookUp(bins, {&size, 1}, &index);
    }
    counter->Add({&index, 1});
  }
}

template <typename BinCounter>
void BinSome(const Functions* functions, DType dtype, const std::uint8_t* data,
             std::size_t count, const Bins& bins, BinCounter* counter) {
  if (functions) {
    BinReal(*functions, data, ElementSize(dtype), count, bins, counter);
  } else if (dtype == DType::kComplex64) {
    BinComplex<float>(data, count, bins, counter);
  } else {
    BinComplex<double>(data, count, bins, counter);
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
    if (some < kManyNumbers) {
      SingleCounter counter;
      BinSome(functions, dtype, from, some, bins, &counter);
      counter.AddTo(counts);
    } else {
      PairCounter counter;
      BinSome(functions, dtype, from, some, bins, &counter);
      counter.AddTo(counts);
    }
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
