// BinCounts: how many numbers lie in each bin of a histogram.
//
// Thread-safety: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fastckpt/codec/bins.h"
#include "fastckpt/codec/lanes.h"
#include "fastckpt/codec/moments.h"

namespace fastckpt::internal {

// Adds to counts[i] how many of the numbers lie in bin i, of complex ones the
// magnitudes. What lies outside of the bins is counted somewhere:
// NaN and what is infinitely small in the first, what is infinitely large in
// the last; see LeaveOut.
//
// REQUIRES: HasMoments(dtype), bins.count == kBins.
void CountInBins(DType dtype, const void* data, std::size_t count,
                 const Bins& bins, std::span<std::uint64_t, kBins> counts,
                 const LaneRoutines& routines = AvailableLanes().front());

// Takes what is no finite number out of the counts of all that `moments` are
// of.
void LeaveOut(const Moments& moments, std::span<std::uint64_t, kBins> counts);

}  // namespace fastckpt::internal
