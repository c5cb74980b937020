// CRC32C (Castagnoli): extend, copy, combine, mask.
//
// A checksum here is always the finished value, as other programs print it:
// the inversions before and after the division happen inside. The fastest
// routine that the processor can run is chosen once, at the first call.
//
// Thread-safety: every function may be called from any thread.
// Source: FORMAT.md section 4; tensorflow/core/lib/hash/crc32c.h for the mask.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// Gives the checksum of A followed by `size` bytes at `data`, where `crc` is
// the checksum of A. The checksum of nothing is 0.
std::uint32_t ExtendCrc32c(std::uint32_t crc, const void* data,
                           std::size_t size);

inline std::uint32_t Crc32c(ByteView bytes) {
  return ExtendCrc32c(0, bytes.data(), bytes.size());
}

// Copies `size` bytes and gives what ExtendCrc32c gives for them, reading the
// source once. What it returns is the checksum of the bytes that it stored,
// even if somebody else changes the source meanwhile; so `to` must be memory
// that nobody else writes. Any alignment.
//
// REQUIRES: the two ranges do not overlap.
std::uint32_t ExtendCrc32cCopy(std::uint32_t crc, void* to, const void* from,
                               std::size_t size);

// The same, with stores past the caches where the processor has them: a third
// less goes through memory where a copy is too large to be found in a cache
// later, and a copy that would be found there is lost to it.
std::uint32_t ExtendCrc32cCopyPastCaches(std::uint32_t crc, void* to,
                                         const void* from, std::size_t size);

// Gives the checksum of A followed by B from theirs, in O(log size_b).
std::uint32_t CombineCrc32c(std::uint32_t a, std::uint32_t b,
                            std::uint64_t size_b);

// A checksum that lies among bytes which are checksummed again is stored
// masked: rotated and shifted by a constant.
inline constexpr std::uint32_t kCrc32cMaskDelta = 0xa282ead8;

constexpr std::uint32_t MaskCrc32c(std::uint32_t crc) {
  return std::rotr(crc, 15) + kCrc32cMaskDelta;
}
constexpr std::uint32_t UnmaskCrc32c(std::uint32_t masked) {
  return std::rotl(masked - kCrc32cMaskDelta, 15);
}

// One way to compute the above; tests and benchmarks go through them all.
struct Crc32cRoutines {
  const char* name;  // "avx512-vpclmul", "avx2-vpclmul", "sse4.2" ...
  std::uint32_t (*extend)(std::uint32_t crc, const void* data,
                          std::size_t size);
  std::uint32_t (*extend_copy)(std::uint32_t crc, void* to, const void* from,
                               std::size_t size);
  std::uint32_t (*extend_copy_past)(std::uint32_t crc, void* to,
                                    const void* from, std::size_t size);
};

// Gives the routines that this processor can run, fastest first, "portable"
// always last.
std::span<const Crc32cRoutines> AvailableCrc32c();

// Gives the name of the routines that the functions above use.
const char* Crc32cImplementation();

}  // namespace fastckpt::internal
