// Bins: the bins of a histogram, all of one width, and in which of them numbers
// lie.
//
// Bin i holds what is at least edges[i] and below edges[i + 1], the last one
// what is its upper edge, too. The edges are what numpy.linspace gives, and the
// bins what numpy.histogram puts numbers in.
//
// Thread-safety: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fastckpt::internal {

inline constexpr std::size_t kBins = 50;

struct Bins {
  // kBins; 1 where float64 has no bins that narrow, or that wide; 0: there is
  // no number. Bins that are counted in are kBins.
  std::size_t count = 0;
  double edges[kBins + 1] = {};
  // (x - edges[0]) * scale is where x lies, but for an error below `tolerance`;
  // in float32 for one of float32 below `float_tolerance`. 1: may be anywhere.
  double scale = 0;
  double tolerance = 1;
  double float_tolerance = 1;
};

// The bins from the smallest number to the largest.
Bins MakeBins(double low, double high);

// The bin of a number that lies in some bin.
std::size_t FindBin(const Bins& bins, double value);

}  // namespace fastckpt::internal
