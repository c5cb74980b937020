// Snappy's writes: how the bytes of one element get into the output.
//
// With slack, in chunks that may touch bytes behind the element, which later
// elements overwrite; exactly, where the end of the output is near.
//
// Internal to codec/snappy.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal::snappy {

// No copy, and no literal whose length is in its tag, is longer.
constexpr std::size_t kMaxShort = 64;
// A fast step reads a tag and at most kMaxShort bytes behind it, ...
constexpr std::size_t kInputSlack = 1 + kMaxShort;
// ... and writes at most kMaxShort bytes, the last by a chunk of 16.
constexpr std::size_t kOutputSlack = kMaxShort + 15;

template <std::size_t kSize>
inline void CopyChunk(std::uint8_t* to, const std::uint8_t* from) {
  std::uint8_t chunk[kSize];
  std::memcpy(chunk, from, kSize);
  std::memcpy(to, chunk, kSize);
}

// Stores a word's bytes in the order in which LoadLittle found them.
inline void StoreLittle(std::uint8_t* to, std::uint64_t value) {
  const auto bytes = LoadLittle<std::uint64_t>(&value);
  std::memcpy(to, &bytes, sizeof bytes);
}

// Multiplied with these, the lowest 1 to 7 bytes fill a word as a pattern; the
// stride is how many bytes of the word are whole periods.
constexpr std::array<std::uint64_t, 8> kRepeat = {0,
                                                  0x0101010101010101,
                                                  0x0001000100010001,
                                                  0x0001000001000001,
                                                  0x0000000100000001,
                                                  0x0000010000000001,
                                                  0x0001000000000001,
                                                  0x0100000000000001};
constexpr std::array<std::size_t, 8> kStride = {0, 8, 8, 6, 8, 5, 6, 7};

constexpr std::uint64_t LowBytes(std::uint64_t word, std::size_t count) {
  return word & ((std::uint64_t{1} << (8 * count)) - 1);
}

// Writes a copy whose offset is below 16 from a register, period by period:
// loading what was just stored would wait for the store. Not inlined: gcc would
// spill what the decoder's loop needs for the usual copies.
[[gnu::noinline]] inline void RepeatWithSlack(std::uint8_t* to,
                                              std::size_t offset,
                                              std::size_t length) {
  const std::uint8_t* const end = to + length;
  const std::uint8_t* const from = to - offset;
  const auto first = LoadLittle<std::uint64_t>(from);
  if (offset < 8) {
    const std::uint64_t pattern = LowBytes(first, offset) * kRepeat[offset];
    for (; to < end; to += kStride[offset]) StoreLittle(to, pattern);
    return;
  }
  const std::size_t tail = offset - 8;
  const std::uint64_t second =
      LowBytes(LoadLittle<std::uint64_t>(from + 8), tail) | first << (8 * tail);
  for (; to < end; to += offset) {
    StoreLittle(to, first);
    StoreLittle(to + 8, second);
  }
}

// Writes the bytes of a literal; may touch kInputSlack and kOutputSlack.
inline void CopyLiteral(std::uint8_t* to, const std::uint8_t* from,
                        std::size_t length) {
  CopyChunk<16>(to, from);
  if (length <= 16) return;
  for (std::size_t i = 16; i < kMaxShort; i += 16) {
    CopyChunk<16>(to + i, from + i);
  }
}

// Writes the `length` bytes that begin `offset` before `to`; may touch
// kOutputSlack.
inline void CopyWithSlack(std::uint8_t* to, std::size_t offset,
                          std::size_t length) {
  const std::uint8_t* const from = to - offset;
  // Chunks no longer than the offset do not meet their own output. One branch
  // for the usual case: the two conditions are not worth guessing apart.
  if ((offset >= 8) & (length <= 16)) {
    CopyChunk<8>(to, from);
    CopyChunk<8>(to + 8, from + 8);
  } else if (offset >= 16) {
    for (std::size_t i = 0; i < kMaxShort; i += 16) {
      CopyChunk<16>(to + i, from + i);
    }
  } else {
    RepeatWithSlack(to, offset, length);
  }
}

// Writes exactly the `length` bytes that begin `offset` before `to`.
inline void CopyExactly(std::uint8_t* to, std::size_t offset,
                        std::size_t length) {
  const std::uint8_t* const from = to - offset;
  // What is written extends the pattern, so that pieces never overlap.
  while (length > offset) {
    std::memcpy(to, from, offset);
    to += offset;
    length -= offset;
    offset *= 2;
  }
  std::memcpy(to, from, length);
}

}  // namespace fastckpt::internal::snappy
