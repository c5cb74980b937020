#include "fastckpt/codec/crc32c.h"

#include <array>
#include <atomic>
#include <iterator>

#include "fastckpt/codec/crc32c_internal.h"
#include "fastckpt/platform/cpu.h"

namespace fastckpt::internal {
namespace {

// Fastest first. A processor that can run one can run those after it.
constexpr Crc32cRoutines kRoutines[] = {
#if defined(__x86_64__)
    {"avx512-vpclmul", crc32c::ExtendAvx512, crc32c::ExtendCopyAvx512,
     crc32c::ExtendCopyPastAvx512},
    {"avx2-vpclmul", crc32c::ExtendAvx2, crc32c::ExtendCopyAvx2,
     crc32c::ExtendCopyPastAvx2},
    {"sse4.2", crc32c::ExtendSse42, crc32c::ExtendCopySse42,
     crc32c::ExtendCopySse42},  // sums without words are no quicker than memory
#elif defined(__aarch64__)
    {"armv8", crc32c::ExtendArm64, crc32c::ExtendCopyArm64,
     crc32c::ExtendCopyArm64},
    {"armv8-crc", crc32c::ExtendArm64Crc, crc32c::ExtendCopyArm64Crc,
     crc32c::ExtendCopyArm64Crc},
#endif
    {"portable", crc32c::ExtendPortable, crc32c::ExtendCopyPortable,
     crc32c::ExtendCopyPortable},
};

// Gives the index of the first that this processor can run.
std::size_t FirstAvailable() {
  constexpr std::size_t kPortable = std::size(kRoutines) - 1;
  if (HasAvx512Vpclmul()) return 0;
  if (HasAvx2Vpclmul()) return 1;
  if (HasSse42Pclmul()) return 2;
  if (HasArmCrc32()) return HasArmPmull() ? 0 : 1;
  return kPortable;
}

// Gives a * b modulo the polynomial, both reflected.
std::uint32_t MultiplyModulo(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (int i = 0; i < 32; ++i) {
    product ^= b & (0 - (a >> 31));
    a <<= 1;
    b = (b >> 1) ^ (crc32c::kPolynomial & (0 - (b & 1)));
  }
  return product;
}

// kByteShifts[i] is x^(8 * 2^i): what 2^i zero bytes multiply a state by.
consteval std::array<std::uint32_t, 64> MakeByteShifts() {
  std::array<std::uint32_t, 64> shifts{crc32c::PowerOfX(8)};
  for (std::size_t i = 1; i < shifts.size(); ++i) {
    shifts[i] = crc32c::Multiply(shifts[i - 1], shifts[i - 1]);
  }
  return shifts;
}
constexpr std::array<std::uint32_t, 64> kByteShifts = MakeByteShifts();

std::uint32_t ResolveExtend(std::uint32_t crc, const void* data,
                            std::size_t size);
std::uint32_t ResolveExtendCopy(std::uint32_t crc, void* to, const void* from,
                                std::size_t size);

// Until the first call these point to functions that replace them. A relaxed
// load is a plain load, and every value ever stored is right to call.
constinit std::atomic<decltype(Crc32cRoutines::extend)> extend{ResolveExtend};
constinit std::atomic<decltype(Crc32cRoutines::extend_copy)> extend_copy{
    ResolveExtendCopy};

std::uint32_t ResolveExtend(std::uint32_t crc, const void* data,
                            std::size_t size) {
  const auto chosen = AvailableCrc32c().front().extend;
  extend.store(chosen, std::memory_order_relaxed);
  return chosen(crc, data, size);
}

std::uint32_t ResolveExtendCopy(std::uint32_t crc, void* to, const void* from,
                                std::size_t size) {
  const auto chosen = AvailableCrc32c().front().extend_copy;
  extend_copy.store(chosen, std::memory_order_relaxed);
  return chosen(crc, to, from, size);
}

}  // namespace

std::uint32_t ExtendCrc32c(std::uint32_t crc, const void* data,
                           std::size_t size) {
  return extend.load(std::memory_order_relaxed)(crc, data, size);
}

std::uint32_t ExtendCrc32cCopy(std::uint32_t crc, void* to, const void* from,
                               std::size_t size) {
  return extend_copy.load(std::memory_order_relaxed)(crc, to, from, size);
}

std::uint32_t ExtendCrc32cCopyPastCaches(std::uint32_t crc, void* to,
                                         const void* from, std::size_t size) {
  // Sizes are large: a look at what the processor has costs nothing here.
  static const auto chosen = AvailableCrc32c().front().extend_copy_past;
  return chosen(crc, to, from, size);
}

// The inversions of the three finished values cancel out.
std::uint32_t CombineCrc32c(std::uint32_t a, std::uint32_t b,
                            std::uint64_t size_b) {
  for (const std::uint32_t shift : kByteShifts) {
    if (size_b == 0) break;
    if ((size_b & 1) != 0) a = MultiplyModulo(a, shift);
    size_b >>= 1;
  }
  return a ^ b;
}

std::span<const Crc32cRoutines> AvailableCrc32c() {
  return std::span(kRoutines).subspan(FirstAvailable());
}

const char* Crc32cImplementation() { return AvailableCrc32c().front().name; }

}  // namespace fastckpt::internal
