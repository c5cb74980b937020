#include "fastckpt/read/region.h"

namespace fastckpt {

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

}  // namespace fastckpt
