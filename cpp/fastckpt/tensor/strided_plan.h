// StridedPlan: which bytes of a dense array's file form lie where in memory.
//
// In a file, elements lie dense in C order; in memory they have any strides.
// What the two have in common is a set of runs: equal, disjoint byte ranges of
// the file form, rising in offset, each of which is contiguous in memory too.
// Runs may leave out bytes of the file form. Any byte range of it can be
// gathered from memory or scattered to it, so that nobody needs a second copy
// of the whole.
//
// Thread-safety: immutable once made; copies of disjoint byte ranges may run at
// the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fastckpt::internal {

class StridedPlan {
 public:
  // One loop around the run.
  struct Dim {
    std::uint64_t count;
    std::uint64_t file_step;   // bytes in the file form, above 0
    std::int64_t memory_step;  // bytes in memory, of any sign
  };

  // Begins with one run of `item_size` bytes, at the file form's begin and at
  // `memory`, which is null for a plan that copies nothing.
  StridedPlan(const std::uint8_t* memory, std::uint64_t item_size)
      : memory_(reinterpret_cast<std::uintptr_t>(memory)), run_(item_size) {}

  // Moves the first run on: by bytes in the file form, by steps in memory.
  void Skip(std::uint64_t file_bytes, std::uint64_t count,
            std::int64_t memory_step) {
    begin_ += file_bytes;
    memory_ = Moved(memory_, count, memory_step);
  }
  // Repeats the runs; dimensions come outer to inner.
  void AddDim(const Dim& dim);
  // Ends that: from here on the plan is to be used.
  void Finish();

  // The bytes of the file form from the first run's to the last run's end.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return begin_ + Span(0) + run_; }
  // Bytes in all runs together.
  std::uint64_t run_bytes() const;
  bool IsOneRun() const { return dims_.empty(); }

  // Copies what lies in bytes [begin, end) of the file form, which are at
  // `file`, to memory, each unit of `swap_unit` bytes reversed; or the other
  // way, as it lies. REQUIRES: both ends are multiples of the item size.
  void Scatter(std::uint64_t begin, std::uint64_t end, const std::uint8_t* file,
               std::size_t swap_unit) const;
  void Gather(std::uint64_t begin, std::uint64_t end, std::uint8_t* file) const;

  // Calls visit(offset, size, memory) for the part of each run in [begin, end).
  template <typename Visit>
  void VisitRuns(std::uint64_t begin, std::uint64_t end, Visit&& visit) const;

 private:
  // A position: an index in each of dims_ but the last, and what it means.
  struct Row {
    std::vector<std::uint64_t> index;
    std::uint64_t offset;
    std::uintptr_t memory;
  };

  static std::uintptr_t Moved(std::uintptr_t memory, std::uint64_t count,
                              std::int64_t step) {
    return memory + count * static_cast<std::uint64_t>(step);
  }
  static std::uint8_t* At(const Row& row, std::uint64_t i, const Dim& inner,
                          std::uint64_t skip) {
    return reinterpret_cast<std::uint8_t*>(
        Moved(row.memory, i, inner.memory_step) + skip);
  }
  std::uint64_t Span(std::size_t dim) const;
  Dim Inner() const { return dims_.empty() ? Dim{1, run_, 0} : dims_.back(); }
  bool FindRow(std::uint64_t begin, Row* row) const;
  bool NextRow(Row* row) const;
  void SkipRows(std::uint64_t count, Row* row) const;
  std::uint64_t WholeRows(const Row& row, std::uint64_t begin,
                          std::uint64_t end) const;
  template <typename Copier>
  void Copy(std::uint64_t begin, std::uint64_t end, const Copier& copier) const;
  template <typename Copier>
  void CopyRow(const Row& row, std::uint64_t begin, std::uint64_t end,
               const Copier& copier) const;

  std::uint64_t begin_ = 0;  // offset of the first run in the file form
  // Where it lies. A number and not a pointer: there may be no memory, and a
  // row steps past the end before it turns.
  std::uintptr_t memory_;
  std::vector<Dim> dims_;  // outer to inner
  std::uint64_t run_;      // bytes in each run
};

template <typename Visit>
void StridedPlan::VisitRuns(std::uint64_t begin, std::uint64_t end,
                            Visit&& visit) const {
  const Dim inner = Inner();
  Row row;
  for (bool found = FindRow(begin, &row); found; found = NextRow(&row)) {
    if (row.offset >= end) return;
    for (std::uint64_t i = 0; i < inner.count; ++i) {
      const std::uint64_t run = row.offset + i * inner.file_step;
      if (run >= end) break;
      if (run + run_ <= begin) continue;
      const std::uint64_t low = run < begin ? begin : run;
      const std::uint64_t high = run + run_ < end ? run + run_ : end;
      visit(low, high - low, At(row, i, inner, low - run));
    }
  }
}

}  // namespace fastckpt::internal
