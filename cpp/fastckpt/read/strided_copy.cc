#include "fastckpt/read/strided_copy.h"

#include <algorithm>
#include <cstring>

namespace fastckpt::internal {
namespace {

template <std::size_t kSize>
void CopyItems(std::uint8_t* to, const std::uint8_t* from, std::uint64_t count,
               std::int64_t to_step, std::uint64_t from_step) {
  for (std::uint64_t i = 0; i < count; ++i) {
    std::memcpy(to, from, kSize);
    to += to_step;
    from += from_step;
  }
}

}  // namespace

std::optional<StridedCopy> StridedCopy::Make(const Box& box,
                                             const Region& region,
                                             const Destination& destination,
                                             std::size_t item_size,
                                             std::size_t swap_unit) {
  StridedCopy copy;
  copy.to_ = reinterpret_cast<std::uintptr_t>(destination.base);
  copy.run_ = item_size;
  copy.swap_unit_ = swap_unit;
  const std::vector<std::int64_t> strides =
      ContiguousStrides(box.extent, item_size);
  for (std::size_t i = 0; i < region.size(); ++i) {
    const RegionDim& dim = region[i];
    const IndexRange part = IndicesInside(dim, box.begin[i], box.extent[i]);
    if (part.count <= 0) return std::nullopt;
    const std::int64_t at = dim.start + part.first * dim.step - box.begin[i];
    copy.begin_ += static_cast<std::uint64_t>(at * strides[i]);
    copy.to_ = Moved(copy.to_, static_cast<std::uint64_t>(part.first),
                     destination.strides[i]);
    copy.AddDim({static_cast<std::uint64_t>(part.count),
                 static_cast<std::uint64_t>(dim.step * strides[i]),
                 destination.strides[i]});
  }
  copy.TakeRun();
  return copy;
}

// Appends a dimension, joined with the one outside it where the two are one.
void StridedCopy::AddDim(const Dim& dim) {
  if (dim.count == 1) return;
  if (!dims_.empty()) {
    Dim& outer = dims_.back();
    const auto count = static_cast<std::int64_t>(dim.count);
    if (outer.from_step == dim.count * dim.from_step &&
        outer.to_step == count * dim.to_step) {
      outer = {outer.count * dim.count, dim.from_step, dim.to_step};
      return;
    }
  }
  dims_.push_back(dim);
}

// Turns the innermost dimension into one run if it is dense on both sides.
void StridedCopy::TakeRun() {
  if (dims_.empty()) return;
  const Dim& inner = dims_.back();
  if (inner.from_step != run_ ||
      inner.to_step != static_cast<std::int64_t>(run_)) {
    return;
  }
  run_ *= inner.count;
  dims_.pop_back();
}

// Bytes from the first run's begin to the last one's, over dims from `dim` on.
std::uint64_t StridedCopy::Span(std::size_t dim) const {
  std::uint64_t span = 0;
  for (std::size_t i = dim; i < dims_.size(); ++i) {
    span += (dims_[i].count - 1) * dims_[i].from_step;
  }
  return span;
}

std::uint64_t StridedCopy::run_bytes() const {
  std::uint64_t bytes = run_;
  for (const Dim& dim : dims_) bytes *= dim.count;
  return bytes;
}

// Finds the first row (all but the innermost dimension) with a run that ends
// after `begin`. Offsets rise with the index, so each digit is the least one
// that still lets the rest reach far enough.
bool StridedCopy::FindRow(std::uint64_t begin, Row* row) const {
  const std::size_t outer = dims_.empty() ? 0 : dims_.size() - 1;
  row->index.assign(outer, 0);
  row->from = begin_;
  row->to = to_;
  for (std::size_t i = 0; i < outer; ++i) {
    const std::uint64_t reach = row->from + Span(i + 1) + run_;
    if (reach > begin) continue;
    const std::uint64_t index = (begin - reach) / dims_[i].from_step + 1;
    if (index >= dims_[i].count) return false;
    row->index[i] = index;
    row->from += index * dims_[i].from_step;
    row->to = Moved(row->to, index, dims_[i].to_step);
  }
  return row->from + Span(outer) + run_ > begin;
}

bool StridedCopy::NextRow(Row* row) const {
  for (std::size_t i = row->index.size(); i-- > 0;) {
    const Dim& dim = dims_[i];
    row->from += dim.from_step;
    row->to = Moved(row->to, 1, dim.to_step);
    if (++row->index[i] < dim.count) return true;
    row->index[i] = 0;
    row->from -= dim.count * dim.from_step;
    row->to = Moved(row->to, dim.count, -dim.to_step);
  }
  return false;
}

void StridedCopy::CopyRange(std::uint64_t begin, std::uint64_t end,
                            const std::uint8_t* from) const {
  Row row;
  for (bool found = FindRow(begin, &row); found; found = NextRow(&row)) {
    if (row.from >= end) return;
    CopyRowRange(row, begin, end, from);
  }
}

// Runs that lie in the range whole are copied in one loop; the first and the
// last may be cut by it.
void StridedCopy::CopyRowRange(const Row& row, std::uint64_t begin,
                               std::uint64_t end,
                               const std::uint8_t* from) const {
  const Dim inner = Inner();
  std::uint64_t i = 0;
  if (row.from < begin) i = (begin - row.from) / inner.from_step;
  while (i < inner.count) {
    const std::uint64_t run = row.from + i * inner.from_step;
    if (run >= end) return;
    std::uint8_t* const to = At(row, i, inner, 0);
    if (run >= begin && run + run_ <= end) {
      const std::uint64_t fit =
          std::min(inner.count - i, (end - run - run_) / inner.from_step + 1);
      CopyInner(to, from + (run - begin), fit);
      i += fit;
      continue;
    }
    const std::uint64_t low = std::max(run, begin);
    const std::uint64_t high = std::min(run + run_, end);
    if (low < high) CopyRun(to + (low - run), from + (low - begin), high - low);
    ++i;
  }
}

void StridedCopy::CopyInner(std::uint8_t* to, const std::uint8_t* from,
                            std::uint64_t count) const {
  const Dim inner = Inner();
  const auto with = [&](auto copy_items) {
    copy_items(to, from, count, inner.to_step, inner.from_step);
  };
  if (swap_unit_ == 1) {
    if (run_ == 1) return with(CopyItems<1>);
    if (run_ == 2) return with(CopyItems<2>);
    if (run_ == 4) return with(CopyItems<4>);
    if (run_ == 8) return with(CopyItems<8>);
    if (run_ == 16) return with(CopyItems<16>);
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    CopyRun(to, from, run_);
    to += inner.to_step;
    from += inner.from_step;
  }
}

void StridedCopy::CopyRun(std::uint8_t* to, const std::uint8_t* from,
                          std::size_t size) const {
  if (swap_unit_ == 1) {
    std::memcpy(to, from, size);
    return;
  }
  for (std::size_t at = 0; at < size; at += swap_unit_) {
    std::reverse_copy(from + at, from + at + swap_unit_, to + at);
  }
}

}  // namespace fastckpt::internal
