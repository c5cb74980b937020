#include "fastckpt/platform/cpu.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace fastckpt::internal {

#if defined(__x86_64__)
namespace {

// Not every compiler's __builtin_cpu_supports knows of it. Its registers are
// AVX's.
bool HasF16c() {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

}  // namespace
#endif

// __builtin_cpu_supports asks the operating system's state (XGETBV) too.
#if defined(__x86_64__)
bool HasSse42Pclmul() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

bool HasAvx2Vpclmul() {
  return HasSse42Pclmul() && __builtin_cpu_supports("avx2") &&
         __builtin_cpu_supports("vpclmulqdq");
}

bool HasAvx512Vpclmul() {
  return HasAvx2Vpclmul() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi");
}

bool HasAvx2FmaF16c() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         HasF16c();
}

bool HasAvx512Bw() {
  return HasAvx2FmaF16c() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw");
}
#else
bool HasSse42Pclmul() { return false; }
bool HasAvx2Vpclmul() { return false; }
bool HasAvx512Vpclmul() { return false; }
bool HasAvx2FmaF16c() { return false; }
bool HasAvx512Bw() { return false; }
#endif

#if defined(__aarch64__) && defined(__linux__)
bool HasArmCrc32() { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
bool HasArmPmull() { return (getauxval(AT_HWCAP) & HWCAP_PMULL) != 0; }
#elif defined(__aarch64__) && defined(__APPLE__)
// Every processor of Apple's with this instruction set has both.
bool HasArmCrc32() { return true; }
bool HasArmPmull() { return true; }
#else
bool HasArmCrc32() { return false; }
bool HasArmPmull() { return false; }
#endif

}  // namespace fastckpt::internal
