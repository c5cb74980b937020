// CastCopy: where the numbers of a stored piece go in a destination of another
// floating type, and the way there: swapped if the file has the other byte
// order, cast, put at their places.
//
// Thread-safety: immutable once made; copies of disjoint byte ranges may run at
// the same time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "fastckpt/read/region.h"
#include "fastckpt/read/strided_copy.h"
#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/shape.h"
#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal {

// What a tensor is cast to while it is copied; kInvalid: it is not.
struct CastTo {
  DType dtype = DType::kInvalid;
  // How many finite numbers became infinite; counted by all threads.
  std::atomic<std::uint64_t> lost = 0;
};

// The null of pointers to what is not cast.
inline CastTo* NullIfNone(CastTo* to) {
  return to && to->dtype != DType::kInvalid ? to : nullptr;
}

class CastCopy {
 public:
  // Of a whole tensor the piece that lies at `box`; `destination` has the
  // strides of what `to` asks for. Nothing if the piece is empty.
  //
  // REQUIRES: CanCast(from, to->dtype); `to` outlives this.
  static std::optional<CastCopy> Make(DType from, CastTo* to, const Box& box,
                                      Dims dims, const Destination& destination,
                                      std::size_t swap_unit);

  // Casts what lies in bytes [begin, end) of the piece, which are at `from`.
  // Both ends must be multiples of the item size.
  void CopyRange(std::uint64_t begin, std::uint64_t end,
                 const std::uint8_t* from) const;

 private:
  CastCopy(DType from, CastTo* to, std::size_t swap_unit, StridedCopy copy)
      : from_(from), to_(to), swap_unit_(swap_unit), copy_(std::move(copy)) {}

  std::uint64_t CopyStep(std::uint64_t begin, std::uint64_t size,
                         const std::uint8_t* from) const;

  DType from_;
  CastTo* to_;
  std::size_t swap_unit_;
  // Of the numbers that were cast. Where the whole goes densely this is not
  // used, but the first byte of the destination.
  StridedCopy copy_;
  std::uint8_t* dense_ = nullptr;
};

}  // namespace fastckpt::internal
