#include "fastckpt/read/cast_copy.h"

#include <algorithm>
#include <cstring>

#include "fastckpt/codec/float_cast.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {
namespace {

// Bytes of the piece that are taken through rooms on the stack: these stay in a
// core's first cache, and numbers grow to four times their size at most.
constexpr std::uint64_t kStep = 4 << 10;
constexpr std::uint64_t kMaxCastGrowth = 4;

}  // namespace

std::optional<CastCopy> CastCopy::Make(DType from, CastTo* to, const Box& box,
                                       Dims dims,
                                       const Destination& destination,
                                       std::size_t swap_unit) {
  const Region whole = WholeRegion(dims);
  const std::size_t size = ElementSize(to->dtype);
  auto copy = StridedCopy::Make(box, whole, destination, size, 1);
  if (!copy) return std::nullopt;
  CastCopy made(from, to, swap_unit, *std::move(copy));
  const bool is_all = std::equal(dims.begin(), dims.end(), box.extent.begin(),
                                 box.extent.end());
  if (is_all && swap_unit == 1 && IsDense(whole, destination, size)) {
    made.dense_ = destination.base;
  }
  return made;
}

void CastCopy::CopyRange(std::uint64_t begin, std::uint64_t end,
                         const std::uint8_t* from) const {
  std::uint64_t lost = 0;
  const std::uint64_t size = ElementSize(from_);
  if (dense_) {
    lost = CastFloats(from_, to_->dtype, from,
                      dense_ + begin / size * ElementSize(to_->dtype),
                      static_cast<std::size_t>((end - begin) / size));
  } else {
    for (std::uint64_t at = begin; at < end; at += kStep) {
      lost += CopyStep(at, std::min(end - at, kStep), from + (at - begin));
    }
  }
  if (lost > 0) to_->lost.fetch_add(lost, std::memory_order_relaxed);
}

std::uint64_t CastCopy::CopyStep(std::uint64_t begin, std::uint64_t size,
                                 const std::uint8_t* from) const {
  alignas(64) std::uint8_t swapped[kStep];
  alignas(64) std::uint8_t cast[kStep * kMaxCastGrowth];
  if (swap_unit_ > 1) {
    std::memcpy(swapped, from, static_cast<std::size_t>(size));
    SwapUnits(swapped, size, swap_unit_);
    from = swapped;
  }
  const std::uint64_t first = begin / ElementSize(from_);
  const std::uint64_t count = size / ElementSize(from_);
  const std::uint64_t width = ElementSize(to_->dtype);
  const std::uint64_t lost = CastFloats(from_, to_->dtype, from, cast,
                                        static_cast<std::size_t>(count));
  copy_.CopyRange(first * width, (first + count) * width, cast);
  return lost;
}

}  // namespace fastckpt::internal
