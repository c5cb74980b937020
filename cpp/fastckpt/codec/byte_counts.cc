#include "fastckpt/codec/byte_counts.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace fastckpt::internal {
namespace {

// As a count that was just changed is not at once there to be changed again.
constexpr std::size_t kTables = 4;
// What a table of 32-bit counts holds.
constexpr std::size_t kMost = std::size_t{1} << 30;

void CountSome(const std::uint8_t* data, std::size_t count,
               std::span<std::uint64_t, kByteValues> counts) {
  std::uint32_t tables[kTables][kByteValues] = {};
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, data + i, sizeof word);
    for (std::size_t k = 0; k < 8; ++k) {
      ++tables[k % kTables][(word >> (8 * k)) & 0xff];
    }
  }
  for (; i < count; ++i) ++tables[0][data[i]];
  for (const auto& table : tables) {
    for (std::size_t b = 0; b < kByteValues; ++b) counts[b] += table[b];
  }
}

}  // namespace

void CountBytes(const void* data, std::size_t count,
                std::span<std::uint64_t, kByteValues> counts) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  while (count > 0) {
    const std::size_t some = std::min(count, kMost);
    CountSome(from, some, counts);
    from += some;
    count -= some;
  }
}

Moments MomentsOfBytes(ByteCounts counts, ByteValues values) {
  Moments found;
  double sum = 0;
  for (std::size_t b = 0; b < kByteValues; ++b) {
    if (counts[b] == 0) continue;
    const double value = values[b];
    if (std::isnan(value)) {
      found.nan += counts[b];
    } else if (std::isinf(value)) {
      found.inf += counts[b];
    } else {
      if (value == 0) found.zeros += counts[b];
      found.count += counts[b];
      found.low = std::min(found.low, value);
      found.high = std::max(found.high, value);
      sum += static_cast<double>(counts[b]) * value;
    }
  }
  if (found.count == 0) return found;
  found.mean = sum / static_cast<double>(found.count);
  for (std::size_t b = 0; b < kByteValues; ++b) {
    if (counts[b] == 0 || !std::isfinite(values[b])) continue;
    const double distance = values[b] - found.mean;
    found.squares += static_cast<double>(counts[b]) * (distance * distance);
  }
  return found;
}

void CountInBins(ByteCounts counts, ByteValues values, const Bins& bins,
                 std::span<std::uint64_t, kBins> binned) {
  for (std::size_t b = 0; b < kByteValues; ++b) {
    if (counts[b] == 0 || !std::isfinite(values[b])) continue;
    binned[FindBin(bins, values[b])] += counts[b];
  }
}

}  // namespace fastckpt::internal
