// Which one byte explains a wrong checksum.
//
// A checksum is linear: what a wrong byte adds to it depends on its place and
// its wrong bits alone, so the place can be found without the right bytes. Any
// checksum is explained by some byte of a long enough input; what is looked for
// is only found in inputs so short that chance does it once in a thousand.
//
// Thread-safety: every function may be called from any thread.
// Source: FORMAT.md section 4.
#pragma once

#include <cstdint>
#include <optional>

namespace fastckpt::internal {

// The longest input in which one wrong bit is looked for, and any wrong bits of
// one byte.
inline constexpr std::uint64_t kMaxWrongBitInput = 512 << 10;
inline constexpr std::uint64_t kMaxWrongByteInput = 16 << 10;

// Gives the offset of the only byte that explains why an input of `size` bytes
// has a checksum that differs from the right one by `difference` (exclusive
// or); of several the one with one wrong bit. Nothing if there is none, if
// there are several, or if the input is longer than the limits above.
std::optional<std::uint64_t> FindWrongByte(std::uint32_t difference,
                                           std::uint64_t size);

}  // namespace fastckpt::internal
