#include "fastckpt/codec/bins.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace fastckpt::internal {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
// Of ranges within these no product or quotient leaves float32 or float64.
constexpr double kNarrowest = 1e-280;
constexpr double kWidest = 1e280;
constexpr double kNarrowestFloat = 1e-30;
constexpr double kWidestFloat = 1e30;
// Three roundings to float32, of at most kBins.
constexpr double kFloatTolerance = 2e-5;
// Beyond this it costs less to look each number up.
constexpr double kMaxTolerance = 0.1;

void SetTolerance(double low, double high, Bins* bins) {
  const double width = high - low;
  if (width < kNarrowest || width > kWidest) return;
  bins->scale = static_cast<double>(kBins) / width;
  // The difference, the scale and their product are rounded, and so are edges.
  const double largest = std::max(std::abs(low), std::abs(high));
  const double tolerance =
      static_cast<double>(kBins) * kEpsilon * (4 + 2 * (largest / width));
  if (tolerance > kMaxTolerance) return;
  bins->tolerance = tolerance;
  if (width < kNarrowestFloat || width > kWidestFloat) return;
  bins->float_tolerance = tolerance + kFloatTolerance;
}

}  // namespace

Bins MakeBins(double low, double high) {
  Bins bins;
  if (!(low <= high)) return bins;
  bins.count = 1;
  bins.edges[0] = low;
  bins.edges[1] = high;
  const double width = high - low;
  if (!(width > 0) || std::isinf(width)) return bins;
  double edges[kBins + 1];
  const double step = width / static_cast<double>(kBins);
  for (std::size_t i = 0; i < kBins; ++i) {
    const auto number = static_cast<double>(i);
    // As numpy.linspace does it where the step is too small to be a number.
    edges[i] = (step == 0 ? number / static_cast<double>(kBins) * width
                          : number * step) +
               low;
  }
  edges[kBins] = high;
  for (std::size_t i = 0; i < kBins; ++i) {
    if (!(edges[i] != edges[i + 1])) return bins;
  }
  bins.count = kBins;
  std::copy(std::begin(edges), std::end(edges), bins.edges);
  SetTolerance(low, high, &bins);
  return bins;
}

std::size_t FindBin(const Bins& bins, double value) {
  const double* begin = bins.edges + 1;
  const double* end = bins.edges + kBins;
  return static_cast<std::size_t>(std::upper_bound(begin, end, value) - begin);
}

}  // namespace fastckpt::internal
