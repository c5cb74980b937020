// StridedCopy: which bytes of a stored piece go where in a destination.
//
// A piece is a dense C-ordered array of its own, somewhere in the tensor, from
// which a region takes some runs (strided_plan.h). The copy can be made for any
// byte range of the piece, so that a piece is read, checked and copied in
// chunks.
//
// Thread-safety: immutable once made; copies of disjoint byte ranges may run
// at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "fastckpt/read/region.h"
#include "fastckpt/tensor/slice.h"
#include "fastckpt/tensor/strided_plan.h"

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
  std::uint64_t begin() const { return plan_.begin(); }
  std::uint64_t end() const { return plan_.end(); }
  // Bytes in all runs together.
  std::uint64_t run_bytes() const { return plan_.run_bytes(); }

  // Copies what lies in bytes [begin, end) of the piece, which are at `from`.
  // Both ends must be multiples of the item size.
  void CopyRange(std::uint64_t begin, std::uint64_t end,
                 const std::uint8_t* from) const {
    plan_.Scatter(begin, end, from, swap_unit_);
  }

  // Calls visit(offset, size, to) for the part of each run in [begin, end).
  template <typename Visit>
  void VisitRuns(std::uint64_t begin, std::uint64_t end, Visit&& visit) const {
    plan_.VisitRuns(begin, end, std::forward<Visit>(visit));
  }

  // Copies `size` bytes, reversing each unit if this copy swaps.
  void CopyRun(std::uint8_t* to, const std::uint8_t* from,
               std::size_t size) const;

 private:
  StridedCopy(StridedPlan plan, std::size_t swap_unit)
      : plan_(std::move(plan)), swap_unit_(swap_unit) {}

  StridedPlan plan_;
  std::size_t swap_unit_;
};

}  // namespace fastckpt::internal
