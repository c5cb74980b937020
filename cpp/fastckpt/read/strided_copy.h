// StridedCopy: which bytes of a stored piece go where in a destination.
//
// A piece is a dense C-ordered array of its own, somewhere in the tensor. What
// a region takes of it is a set of runs: equal, disjoint byte ranges of the
// piece, rising in offset, each of which is contiguous in the destination too.
// The copy can be made for any byte range of the piece, so that a piece is
// read, checked and copied in chunks.
//
// Thread-safety: immutable once made; copies of disjoint byte ranges may run
// at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fastckpt/read/region.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal {

class StridedCopy {
 public:
  // `box` is where the piece lies in the tensor; steps of `region` must be
  // positive. With `swap_unit` above 1 each unit's bytes are reversed on the
  // way. Nothing if the region takes nothing of the piece.
  static std::optional<StridedCopy> Make(const Box& box, const Region& region,
                                         const Destination& destination,
                                         std::size_t item_size,
                                         std::size_t swap_unit);

  // The piece's bytes from the first run's to the last run's end.
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return begin_ + Span(0) + run_; }
  // Bytes in all runs together.
  std::uint64_t run_bytes() const;

  // Copies what lies in bytes [begin, end) of the piece, which are at `from`.
  // Both ends must be multiples of the item size.
  void CopyRange(std::uint64_t begin, std::uint64_t end,
                 const std::uint8_t* from) const;

  // Calls visit(offset, size, to) for the part of each run in [begin, end).
  template <typename Visit>
  void VisitRuns(std::uint64_t begin, std::uint64_t end, Visit&& visit) const;

  // Copies `size` bytes, reversing each unit if this copy swaps.
  void CopyRun(std::uint8_t* to, const std::uint8_t* from,
               std::size_t size) const;

 private:
  struct Dim {
    std::uint64_t count;
    std::uint64_t from_step;  // bytes in the piece
    std::int64_t to_step;     // bytes in the destination
  };
  // A position: an index in each of dims_, and the two offsets it means.
  struct Row {
    std::vector<std::uint64_t> index;
    std::uint64_t from;
    std::uintptr_t to;
  };

  void AddDim(const Dim& dim);
  void TakeRun();
  std::uint64_t Span(std::size_t dim) const;
  static std::uint8_t* At(const Row& row, std::uint64_t i, const Dim& inner,
                          std::uint64_t skip) {
    return reinterpret_cast<std::uint8_t*>(Moved(row.to, i, inner.to_step) +
                                           skip);
  }
  static std::uintptr_t Moved(std::uintptr_t to, std::uint64_t count,
                              std::int64_t step) {
    return to + count * static_cast<std::uint64_t>(step);
  }
  bool FindRow(std::uint64_t begin, Row* row) const;
  bool NextRow(Row* row) const;
  void CopyRowRange(const Row& row, std::uint64_t begin, std::uint64_t end,
                    const std::uint8_t* from) const;
  void CopyInner(std::uint8_t* to, const std::uint8_t* from,
                 std::uint64_t count) const;
  Dim Inner() const { return dims_.empty() ? Dim{1, run_, 0} : dims_.back(); }

  std::uint64_t begin_ = 0;  // offset of the first run in the piece
  // Where it goes. A number and not a pointer: of a region that nobody copies
  // there is no base, and a row steps past the end before it turns.
  std::uintptr_t to_ = 0;
  std::vector<Dim> dims_;  // outer to inner
  std::uint64_t run_ = 0;  // bytes in each run
  std::size_t swap_unit_ = 1;
};

template <typename Visit>
void StridedCopy::VisitRuns(std::uint64_t begin, std::uint64_t end,
                            Visit&& visit) const {
  const Dim inner = Inner();
  Row row;
  for (bool found = FindRow(begin, &row); found; found = NextRow(&row)) {
    if (row.from >= end) return;
    for (std::uint64_t i = 0; i < inner.count; ++i) {
      const std::uint64_t run = row.from + i * inner.from_step;
      if (run >= end) break;
      if (run + run_ <= begin) continue;
      const std::uint64_t low = run < begin ? begin : run;
      const std::uint64_t high = run + run_ < end ? run + run_ : end;
      visit(low, high - low, At(row, i, inner, low - run));
    }
  }
}

}  // namespace fastckpt::internal
