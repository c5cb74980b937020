#include "fastckpt/tensor/strided_array.h"

#include <algorithm>
#include <cstring>

#include "fastckpt/codec/crc32c.h"

namespace fastckpt::internal {
namespace {

template <typename Unit>
void SwapUnits(std::uint8_t* bytes, std::uint64_t size) {
  for (std::uint64_t at = 0; at < size; at += sizeof(Unit)) {
    Unit unit;
    std::memcpy(&unit, bytes + at, sizeof unit);
    if constexpr (sizeof unit == 2) unit = __builtin_bswap16(unit);
    if constexpr (sizeof unit == 4) unit = __builtin_bswap32(unit);
    if constexpr (sizeof unit == 8) unit = __builtin_bswap64(unit);
    std::memcpy(bytes + at, &unit, sizeof unit);
  }
}

void Swap(std::uint8_t* bytes, std::uint64_t size, std::size_t unit) {
  if (unit == 2) SwapUnits<std::uint16_t>(bytes, size);
  if (unit == 4) SwapUnits<std::uint32_t>(bytes, size);
  if (unit == 8) SwapUnits<std::uint64_t>(bytes, size);
}

// A plane of rows x columns items, dense at `to`. The inner loop goes along
// the smaller step, so that one cache line of the source is used whole.
struct Plane {
  const std::uint8_t* from;
  std::uint64_t rows;
  std::uint64_t columns;
  std::int64_t row_step;
  std::int64_t column_step;
};

template <typename CopyItem>
void CopyPlane(const Plane& plane, std::uint8_t* to, std::size_t item,
               CopyItem copy_item) {
  const bool by_rows = std::abs(plane.row_step) >= std::abs(plane.column_step);
  const std::uint64_t outer = by_rows ? plane.rows : plane.columns;
  const std::uint64_t inner = by_rows ? plane.columns : plane.rows;
  const std::int64_t outer_step = by_rows ? plane.row_step : plane.column_step;
  const std::int64_t inner_step = by_rows ? plane.column_step : plane.row_step;
  const std::uint64_t outer_to = by_rows ? plane.columns * item : item;
  const std::uint64_t inner_to = by_rows ? item : plane.columns * item;
  for (std::uint64_t i = 0; i < outer; ++i) {
    const std::uint8_t* from =
        plane.from + static_cast<std::int64_t>(i) * outer_step;
    std::uint8_t* out = to + i * outer_to;
    for (std::uint64_t j = 0; j < inner; ++j) {
      copy_item(out, from);
      from += inner_step;
      out += inner_to;
    }
  }
}

template <std::size_t kSize>
void CopyFixed(const Plane& plane, std::uint8_t* to) {
  CopyPlane(plane, to, kSize, [](std::uint8_t* out, const std::uint8_t* from) {
    std::memcpy(out, from, kSize);
  });
}

void CopyRuns(const Plane& plane, std::uint8_t* to, std::uint64_t run) {
  if (run == 1) return CopyFixed<1>(plane, to);
  if (run == 2) return CopyFixed<2>(plane, to);
  if (run == 4) return CopyFixed<4>(plane, to);
  if (run == 8) return CopyFixed<8>(plane, to);
  if (run == 16) return CopyFixed<16>(plane, to);
  CopyPlane(plane, to, run, [run](std::uint8_t* out, const std::uint8_t* from) {
    std::memcpy(out, from, run);
  });
}

}  // namespace

GatherPlan::GatherPlan(const StridedArray& array)
    : data_(array.data),
      item_size_(array.item_size),
      swap_unit_(array.swap_unit),
      byte_mask_(array.byte_mask),
      run_(array.item_size) {
  for (std::size_t i = 0; i < array.dims.size(); ++i) {
    AddDim({static_cast<std::uint64_t>(array.dims[i]), array.strides[i]});
  }
  if (!dims_.empty() && dims_.back().step == static_cast<std::int64_t>(run_)) {
    run_ *= dims_.back().count;
    dims_.pop_back();
  }
}

// Appends a dimension, joined with the one outside it where the two are one.
void GatherPlan::AddDim(const Dim& dim) {
  if (dim.count == 1) return;
  if (!dims_.empty() &&
      dims_.back().step == static_cast<std::int64_t>(dim.count) * dim.step) {
    dims_.back() = {dims_.back().count * dim.count, dim.step};
    return;
  }
  dims_.push_back(dim);
}

std::uint32_t GatherPlan::Copy(std::uint32_t crc, std::uint64_t offset,
                               std::uint64_t size, std::uint8_t* to) const {
  if (IsDense() && swap_unit_ == 1 && byte_mask_ == 0xff) {
    return ExtendCrc32cCopy(crc, to, data_ + offset, size);
  }
  Gather(offset, size, to);
  Swap(to, size, swap_unit_);
  if (byte_mask_ != 0xff) {
    for (std::uint64_t i = 0; i < size; ++i) to[i] &= byte_mask_;
  }
  return ExtendCrc32c(crc, to, size);
}

// The position of a run, counted in C order.
GatherPlan::Position GatherPlan::Find(std::uint64_t run) const {
  Position at{std::vector<std::uint64_t>(dims_.size()), data_};
  for (std::size_t i = dims_.size(); i-- > 0;) {
    at.index[i] = run % dims_[i].count;
    run /= dims_[i].count;
    at.from += static_cast<std::int64_t>(at.index[i]) * dims_[i].step;
  }
  return at;
}

// Moves on by `count` in a dimension, which it may fill but not pass.
void GatherPlan::Advance(Position* at, std::size_t dim,
                         std::uint64_t count) const {
  at->index[dim] += count;
  at->from += static_cast<std::int64_t>(count) * dims_[dim].step;
  while (at->index[dim] == dims_[dim].count && dim > 0) {
    at->from -= static_cast<std::int64_t>(dims_[dim].count) * dims_[dim].step;
    at->index[dim] = 0;
    --dim;
    at->from += dims_[dim].step;
    ++at->index[dim];
  }
}

// Copies what can be copied in one piece: whole rows of the innermost
// dimension, or a part of one. Gives how many runs that were.
std::uint64_t GatherPlan::TakeRows(Position* at, std::uint64_t runs,
                                   std::uint8_t* to) const {
  const std::size_t inner = dims_.size() - 1;
  const std::uint64_t columns = dims_[inner].count;
  if (inner > 0 && at->index[inner] == 0 && runs >= columns) {
    const Dim& outer = dims_[inner - 1];
    const std::uint64_t rows =
        std::min(outer.count - at->index[inner - 1], runs / columns);
    CopyRuns({at->from, rows, columns, outer.step, dims_[inner].step}, to,
             run_);
    Advance(at, inner - 1, rows);
    return rows * columns;
  }
  const std::uint64_t count = std::min(runs, columns - at->index[inner]);
  CopyRuns({at->from, 1, count, 0, dims_[inner].step}, to, run_);
  Advance(at, inner, count);
  return count;
}

void GatherPlan::Gather(std::uint64_t offset, std::uint64_t size,
                        std::uint8_t* to) const {
  if (IsDense()) {
    std::memcpy(to, data_ + offset, size);
    return;
  }
  Position at = Find(offset / run_);
  // A range may begin and end inside a run.
  const std::uint64_t inside = offset % run_;
  if (inside != 0) {
    const std::uint64_t head = std::min(run_ - inside, size);
    std::memcpy(to, at.from + inside, head);
    Advance(&at, dims_.size() - 1, 1);
    to += head;
    size -= head;
  }
  for (std::uint64_t runs = size / run_; runs > 0;) {
    const std::uint64_t taken = TakeRows(&at, runs, to);
    runs -= taken;
    to += taken * run_;
  }
  std::memcpy(to, at.from, size % run_);
}

}  // namespace fastckpt::internal
