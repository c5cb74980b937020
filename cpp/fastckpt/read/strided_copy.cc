#include "fastckpt/read/strided_copy.h"

#include <cstring>
#include <vector>

#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {

std::optional<StridedCopy> StridedCopy::Make(const Box& box,
                                             const Region& region,
                                             const Destination& destination,
                                             std::size_t item_size,
                                             std::size_t swap_unit) {
  StridedPlan plan(destination.base, item_size);
  const std::vector<std::int64_t> strides =
      ContiguousStrides(box.extent, item_size);
  for (std::size_t i = 0; i < region.size(); ++i) {
    const RegionDim& dim = region[i];
    const IndexRange part = IndicesInside(dim, box.begin[i], box.extent[i]);
    if (part.count <= 0) return std::nullopt;
    const std::int64_t at = dim.start + part.first * dim.step - box.begin[i];
    plan.Skip(static_cast<std::uint64_t>(at * strides[i]),
              static_cast<std::uint64_t>(part.first), destination.strides[i]);
    plan.AddDim({static_cast<std::uint64_t>(part.count),
                 static_cast<std::uint64_t>(dim.step * strides[i]),
                 destination.strides[i]});
  }
  plan.Finish();
  return StridedCopy(std::move(plan), swap_unit);
}

void StridedCopy::CopyRun(std::uint8_t* to, const std::uint8_t* from,
                          std::size_t size) const {
  std::memcpy(to, from, size);
  SwapUnits(to, size, swap_unit_);
}

}  // namespace fastckpt::internal
