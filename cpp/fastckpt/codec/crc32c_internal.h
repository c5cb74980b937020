// What the implementations of CRC32C share: their entry points, and arithmetic
// on polynomials that happens only while compiling.
//
// The files for one instruction set are compiled with flags of their own. Code
// from a shared header that they emit could be kept by the linker for everyone
// and then hold an instruction that not every processor has. So this header
// holds declarations and `consteval` functions, which are never emitted.
//
// Polynomials over GF(2) are reflected: in a 32-bit value, bit 31 is the
// coefficient of x^0 and bit 0 that of x^31. A state is a checksum before its
// final inversion.
// Source: FORMAT.md section 4.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastckpt::internal::crc32c {

// The Castagnoli polynomial 0x1EDC6F41, reflected, without its x^32.
inline constexpr std::uint32_t kPolynomial = 0x82f63b78;
inline constexpr std::uint32_t kOne = 0x80000000;

// Gives a * b modulo the polynomial.
consteval std::uint32_t Multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (std::uint32_t bit = kOne; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);
  }
  return product;
}

// Gives x^exponent modulo the polynomial. The powers of x repeat after
// 2^31 - 1 steps, so a negative exponent has its meaning too.
consteval std::uint32_t PowerOfX(std::int64_t exponent) {
  constexpr std::int64_t kPeriod = 0x7fffffff;
  exponent = (exponent % kPeriod + kPeriod) % kPeriod;
  std::uint32_t power = kOne;
  for (std::uint32_t square = kOne >> 1; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) power = Multiply(power, square);
    square = Multiply(square, square);
  }
  return power;
}

// The implementations. Arguments and results as ExtendCrc32c, ExtendCrc32cCopy
// and ExtendCrc32cCopyPastCaches have them; REQUIRES: the processor has the
// instructions.
std::uint32_t ExtendPortable(std::uint32_t crc, const void* data,
                             std::size_t size);
std::uint32_t ExtendCopyPortable(std::uint32_t crc, void* to, const void* from,
                                 std::size_t size);

#if defined(__x86_64__)
// SSE4.2 and PCLMULQDQ.
std::uint32_t ExtendSse42(std::uint32_t crc, const void* data,
                          std::size_t size);
std::uint32_t ExtendCopySse42(std::uint32_t crc, void* to, const void* from,
                              std::size_t size);

// AVX2 and VPCLMULQDQ, and what is above.
std::uint32_t ExtendAvx2(std::uint32_t crc, const void* data, std::size_t size);
std::uint32_t ExtendCopyAvx2(std::uint32_t crc, void* to, const void* from,
                             std::size_t size);
std::uint32_t ExtendCopyPastAvx2(std::uint32_t crc, void* to, const void* from,
                                 std::size_t size);

// AVX-512 F, BW, VL and VBMI, and VPCLMULQDQ.
std::uint32_t ExtendAvx512(std::uint32_t crc, const void* data,
                           std::size_t size);
std::uint32_t ExtendCopyAvx512(std::uint32_t crc, void* to, const void* from,
                               std::size_t size);
std::uint32_t ExtendCopyPastAvx512(std::uint32_t crc, void* to,
                                   const void* from, std::size_t size);
#elif defined(__aarch64__)
// CRC32 and PMULL.
std::uint32_t ExtendArm64(std::uint32_t crc, const void* data,
                          std::size_t size);
std::uint32_t ExtendCopyArm64(std::uint32_t crc, void* to, const void* from,
                              std::size_t size);

// CRC32 alone, as the Cortex-A72 of the Raspberry Pi 4 has it.
std::uint32_t ExtendArm64Crc(std::uint32_t crc, const void* data,
                             std::size_t size);
std::uint32_t ExtendCopyArm64Crc(std::uint32_t crc, void* to, const void* from,
                                 std::size_t size);
#endif

}  // namespace fastckpt::internal::crc32c
