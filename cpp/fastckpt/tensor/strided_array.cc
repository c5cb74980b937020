#include "fastckpt/tensor/strided_array.h"

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {
namespace {

StridedPlan PlanOf(const StridedArray& array) {
  StridedPlan plan(array.data, array.item_size);
  std::uint64_t step = array.item_size;
  for (const std::int64_t dim : array.dims) {
    step *= static_cast<std::uint64_t>(dim);
  }
  if (step == 0) return plan;  // of no element, so that nothing is copied
  for (std::size_t i = 0; i < array.dims.size(); ++i) {
    const auto count = static_cast<std::uint64_t>(array.dims[i]);
    step /= count;
    plan.AddDim({count, step, array.strides[i]});
  }
  plan.Finish();
  return plan;
}

}  // namespace

GatherPlan::GatherPlan(const StridedArray& array)
    : plan_(PlanOf(array)),
      data_(array.data),
      item_size_(array.item_size),
      swap_unit_(array.swap_unit),
      byte_mask_(array.byte_mask) {}

std::uint32_t GatherPlan::Copy(std::uint32_t crc, std::uint64_t offset,
                               std::uint64_t size, std::uint8_t* to) const {
  if (plan_.IsOneRun() && swap_unit_ == 1 && byte_mask_ == 0xff) {
    return ExtendCrc32cCopy(crc, to, data_ + offset, size);
  }
  plan_.Gather(offset, offset + size, to);
  SwapUnits(to, size, swap_unit_);
  if (byte_mask_ != 0xff) {
    for (std::uint64_t i = 0; i < size; ++i) to[i] &= byte_mask_;
  }
  return ExtendCrc32c(crc, to, size);
}

}  // namespace fastckpt::internal
