// Lanes: loops over numbers of any type, with as many at a time as the
// processor has room for.
//
// The fastest that it can run are chosen once, at the first call. They all give
// the same, to the last bit, in whatever mode a thread computes: numbers go
// through kSums sums in turn, whatever a vector holds.
//
// Thread-safety: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fastckpt/codec/lanes_internal.h"
#include "fastckpt/dtype.h"

namespace fastckpt::internal {

// One way to run them; tests go through them all.
struct LaneRoutines {
  const char* name;  // "avx512", "avx2", "portable"
  const lanes::Table* table;

  // Null of types that are no real numbers of two bytes and more.
  const lanes::Functions* Find(DType dtype) const;
};

// Gives the routines that this processor can run, fastest first, "portable"
// always last.
std::span<const LaneRoutines> AvailableLanes();

}  // namespace fastckpt::internal
