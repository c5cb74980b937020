// What the implementations of FloatCast share: their tables of functions.
//
// The files for one instruction set are compiled with flags of their own. Code
// from a shared header that they emit could be kept by the linker for everyone
// and then hold an instruction that not every processor has. So this header
// holds declarations and constants alone.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastckpt::internal::float_cast {

// The types, as rows and columns of a table.
enum class Kind : std::uint8_t { kDouble, kFloat, kHalf, kBfloat16 };
inline constexpr std::size_t kKinds = 4;

// functions[from][to] as CastFunction; null where both are one type.
struct Table {
  std::uint64_t (*functions[kKinds][kKinds])(const void*, void*, std::size_t);
};

extern const Table kPortable;
#if defined(__x86_64__)
// AVX2 and F16C; rounds as the thread's mode says.
extern const Table kAvx2;
// AVX-512 F and BW.
extern const Table kAvx512;
#elif defined(__aarch64__)
extern const Table kArm64;
#endif

}  // namespace fastckpt::internal::float_cast
