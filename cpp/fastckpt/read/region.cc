#include "fastckpt/read/region.h"

#include <algorithm>

namespace fastckpt::internal {
namespace {

// ceil(a / b) for any a and positive b, at least 0.
std::int64_t CeilDivide(std::int64_t a, std::int64_t b) {
  return a <= 0 ? 0 : (a - 1) / b + 1;
}

}  // namespace

Region WholeRegion(Dims dims) {
  Region region;
  region.reserve(dims.size());
  for (const std::int64_t dim : dims) region.push_back({0, dim, 1});
  return region;
}

std::uint64_t RegionCount(const Region& region) {
  std::uint64_t count = 1;
  for (const RegionDim& dim : region) {
    count *= static_cast<std::uint64_t>(dim.count);
  }
  return count;
}

IndexRange IndicesInside(const RegionDim& dim, std::int64_t begin,
                         std::int64_t extent) {
  if (dim.listed) {
    const std::int64_t* end = dim.listed + dim.count;
    const std::int64_t* first = std::lower_bound(dim.listed, end, begin);
    const std::int64_t* last = std::lower_bound(first, end, begin + extent);
    return {first - dim.listed, last - first};
  }
  if (dim.count == 1) {
    const bool is_inside = dim.start >= begin && dim.start < begin + extent;
    return {0, is_inside ? 1 : 0};
  }
  const std::int64_t first = CeilDivide(begin - dim.start, dim.step);
  const std::int64_t last = CeilDivide(begin + extent - dim.start, dim.step);
  return {first, std::max<std::int64_t>(std::min(last, dim.count) - first, 0)};
}

void FlipNegativeSteps(Region* region, Destination* destination) {
  for (std::size_t i = 0; i < region->size(); ++i) {
    RegionDim& dim = (*region)[i];
    if (dim.step > 0 || dim.count == 0) continue;
    dim.start += (dim.count - 1) * dim.step;
    dim.step = -dim.step;
    std::int64_t& stride = destination->strides[i];
    destination->base += (dim.count - 1) * stride;
    stride = -stride;
  }
}

Region RisingRegion(Region region) {
  Destination nowhere{nullptr, std::vector<std::int64_t>(region.size(), 0)};
  FlipNegativeSteps(&region, &nowhere);
  return region;
}

bool IsWhole(const Region& region, Dims dims) {
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const RegionDim& dim = region[i];
    if (dim.count != dims[i]) return false;
    if (dim.count > 1 && dim.step != 1) return false;
  }
  return true;
}

bool IsDense(const Region& region, const Destination& destination,
             std::size_t item_size) {
  auto expected = static_cast<std::int64_t>(item_size);
  for (std::size_t i = region.size(); i-- > 0;) {
    const std::int64_t count = region[i].count;
    if (count != 1 && destination.strides[i] != expected) return false;
    if (count > 0) expected *= count;
  }
  return true;
}

}  // namespace fastckpt::internal
