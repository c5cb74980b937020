// FloatCast: floating-point numbers from one type to another, rounded to
// nearest, ties to even, as NumPy and ml_dtypes do it.
//
// Every finite value and infinity has one right result; float64 becomes
// bfloat16 through float32, as in ml_dtypes. A NaN stays a NaN of its sign.
// The fastest routines that the processor can run are chosen once, at
// the first call; whatever mode the caller's thread computes in, results
// are the same.
//
// Thread-safety: every function may be called from any thread.
// Source: IEEE 754-2019, sections 3.4 and 4.3.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fastckpt/dtype.h"

namespace fastckpt::internal {

// True for float64, float32, float16 and bfloat16, of two different ones.
bool CanCast(DType from, DType to);

// Casts `count` numbers from `source` to `target`; gives how many finite ones
// became infinite. Any alignment.
//
// REQUIRES: CanCast(from, to); the two ranges do not overlap.
std::uint64_t CastFloats(DType from, DType to, const void* source, void* target,
                         std::size_t count);

// One way to compute the above; tests go through them all. Gives how many
// became infinite; takes at most kMaxCastCount numbers.
using CastFunction = std::uint64_t (*)(const void* source, void* target,
                                       std::size_t count);
inline constexpr std::size_t kMaxCastCount = std::size_t{1} << 24;

struct FloatCastRoutines {
  const char* name;  // "avx512", "avx2-f16c", "neon" ...
  // Null where CanCast is false.
  CastFunction (*find)(DType from, DType to);
};

// Gives the routines that this processor can run, fastest first, "portable"
// always last.
std::span<const FloatCastRoutines> AvailableFloatCasts();

}  // namespace fastckpt::internal
