// ByteCounts: numbers of one byte each, of which all can be said that is to be
// said once it is known how many have which byte.
//
// Thread-safety: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fastckpt/codec/bins.h"
#include "fastckpt/codec/moments.h"

namespace fastckpt::internal {

inline constexpr std::size_t kByteValues = 256;
using ByteCounts = std::span<const std::uint64_t, kByteValues>;
// Which number each byte is.
using ByteValues = std::span<const double, kByteValues>;

// Adds to counts[b] how many bytes are b.
void CountBytes(const void* data, std::size_t count,
                std::span<std::uint64_t, kByteValues> counts);

Moments MomentsOfBytes(ByteCounts counts, ByteValues values);

// Adds to binned[i] how many of the numbers lie in bin i; what is not finite is
// left out.
//
// REQUIRES: bins.count == kBins.
void CountInBins(ByteCounts counts, ByteValues values, const Bins& bins,
                 std::span<std::uint64_t, kBins> binned);

}  // namespace fastckpt::internal
