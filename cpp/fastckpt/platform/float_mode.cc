#include "fastckpt/platform/float_mode.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fastckpt::internal {

#if defined(__x86_64__)
PlainFloatMode::PlainFloatMode() : before_(_mm_getcsr()) {
  constexpr unsigned kAllMasked = 0x1f80;
  _mm_setcsr(kAllMasked);
}

PlainFloatMode::~PlainFloatMode() {
  _mm_setcsr(static_cast<unsigned>(before_));
}
#elif defined(__aarch64__)
PlainFloatMode::PlainFloatMode() {
  asm volatile("mrs %0, fpcr" : "=r"(before_));
  asm volatile("mrs %0, fpsr" : "=r"(flags_));
  asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{0}));
}

PlainFloatMode::~PlainFloatMode() {
  asm volatile("msr fpsr, %0" : : "r"(flags_));
  asm volatile("msr fpcr, %0" : : "r"(before_));
}
#else
// What is portable computes with integers.
PlainFloatMode::PlainFloatMode() : before_(0) {}
PlainFloatMode::~PlainFloatMode() = default;
#endif

}  // namespace fastckpt::internal
