#include "fastckpt/tensor/strided_plan.h"

#include <algorithm>

#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {

// Appends a dimension, joined with the one outside it where the two are one.
void StridedPlan::AddDim(const Dim& dim) {
  if (dim.count == 1) return;
  if (!dims_.empty()) {
    Dim& outer = dims_.back();
    const auto count = static_cast<std::int64_t>(dim.count);
    if (outer.file_step == dim.count * dim.file_step &&
        outer.memory_step == count * dim.memory_step) {
      outer = {outer.count * dim.count, dim.file_step, dim.memory_step};
      return;
    }
  }
  dims_.push_back(dim);
}

// Turns the innermost dimension into one run if it is dense on both sides.
void StridedPlan::Finish() {
  if (dims_.empty()) return;
  const Dim& inner = dims_.back();
  if (inner.file_step != run_ ||
      inner.memory_step != static_cast<std::int64_t>(run_)) {
    return;
  }
  run_ *= inner.count;
  dims_.pop_back();
}

// Bytes from the first run's begin to the last one's, over dims from `dim` on.
std::uint64_t StridedPlan::Span(std::size_t dim) const {
  std::uint64_t span = 0;
  for (std::size_t i = dim; i < dims_.size(); ++i) {
    span += (dims_[i].count - 1) * dims_[i].file_step;
  }
  return span;
}

std::uint64_t StridedPlan::run_bytes() const {
  std::uint64_t bytes = run_;
  for (const Dim& dim : dims_) bytes *= dim.count;
  return bytes;
}

// Finds the first row (all but the innermost dimension) with a run that ends
// after `begin`. Offsets rise with the index, so each digit is the least one
// that still lets the rest reach far enough.
bool StridedPlan::FindRow(std::uint64_t begin, Row* row) const {
  const std::size_t outer = dims_.empty() ? 0 : dims_.size() - 1;
  row->index.assign(outer, 0);
  row->offset = begin_;
  row->memory = memory_;
  for (std::size_t i = 0; i < outer; ++i) {
    const std::uint64_t reach = row->offset + Span(i + 1) + run_;
    if (reach > begin) continue;
    const std::uint64_t index = (begin - reach) / dims_[i].file_step + 1;
    if (index >= dims_[i].count) return false;
    row->index[i] = index;
    row->offset += index * dims_[i].file_step;
    row->memory = Moved(row->memory, index, dims_[i].memory_step);
  }
  return row->offset + Span(outer) + run_ > begin;
}

bool StridedPlan::NextRow(Row* row) const {
  for (std::size_t i = row->index.size(); i-- > 0;) {
    const Dim& dim = dims_[i];
    row->offset += dim.file_step;
    row->memory = Moved(row->memory, 1, dim.memory_step);
    if (++row->index[i] < dim.count) return true;
    row->index[i] = 0;
    row->offset -= dim.count * dim.file_step;
    row->memory = Moved(row->memory, dim.count, -dim.memory_step);
  }
  return false;
}

// Moves on within the innermost dimension of rows.
void StridedPlan::SkipRows(std::uint64_t count, Row* row) const {
  const std::size_t i = row->index.size() - 1;
  row->index[i] += count;
  row->offset += count * dims_[i].file_step;
  row->memory = Moved(row->memory, count, dims_[i].memory_step);
}

// How many rows from this one on, along one dimension, lie in the range whole.
std::uint64_t StridedPlan::WholeRows(const Row& row, std::uint64_t begin,
                                     std::uint64_t end) const {
  if (row.index.empty() || row.offset < begin) return 0;
  const std::size_t i = row.index.size() - 1;
  const std::uint64_t row_end = row.offset + Span(i + 1) + run_;
  if (row_end > end) return 0;
  return std::min(dims_[i].count - row.index[i],
                  (end - row_end) / dims_[i].file_step + 1);
}

template <typename Copier>
void StridedPlan::Copy(std::uint64_t begin, std::uint64_t end,
                       const Copier& copier) const {
  if (begin >= end) return;
  Row row;
  for (bool found = FindRow(begin, &row); found; found = NextRow(&row)) {
    if (row.offset >= end) return;
    const std::uint64_t rows = WholeRows(row, begin, end);
    if (rows == 0) {
      CopyRow(row, begin, end, copier);
      continue;
    }
    const Dim& outer = dims_[dims_.size() - 2];
    const Dim& inner = dims_.back();
    copier.CopyPlane(
        {At(row, 0, inner, 0), row.offset, rows, inner.count, outer.memory_step,
         inner.memory_step, outer.file_step, inner.file_step},
        run_);
    SkipRows(rows - 1, &row);
  }
}

// Runs that lie in the range whole are copied in one loop; the first and the
// last may be cut by it.
template <typename Copier>
void StridedPlan::CopyRow(const Row& row, std::uint64_t begin,
                          std::uint64_t end, const Copier& copier) const {
  const Dim inner = Inner();
  std::uint64_t i = 0;
  if (row.offset < begin) i = (begin - row.offset) / inner.file_step;
  while (i < inner.count) {
    const std::uint64_t run = row.offset + i * inner.file_step;
    if (run >= end) return;
    std::uint8_t* const memory = At(row, i, inner, 0);
    if (run >= begin && run + run_ <= end) {
      const std::uint64_t fit =
          std::min(inner.count - i, (end - run - run_) / inner.file_step + 1);
      copier.CopyPlane(
          {memory, run, 1, fit, 0, inner.memory_step, 0, inner.file_step},
          run_);
      i += fit;
      continue;
    }
    const std::uint64_t low = std::max(run, begin);
    const std::uint64_t high = std::min(run + run_, end);
    if (low < high) copier.CopyRun(memory + (low - run), low, high - low);
    ++i;
  }
}

void StridedPlan::Scatter(std::uint64_t begin, std::uint64_t end,
                          const std::uint8_t* file,
                          std::size_t swap_unit) const {
  Copy(begin, end, Scatterer(file, begin, swap_unit));
}

void StridedPlan::Gather(std::uint64_t begin, std::uint64_t end,
                         std::uint8_t* file) const {
  Copy(begin, end, Gatherer(file, begin));
}

}  // namespace fastckpt::internal
