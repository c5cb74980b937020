// CRC32C with an instruction that divides 8 bytes, and the input as all the
// implementations with special instructions take it: maybe copying it.
//
// Cpu is a class that each including file defines in its unnamed namespace; so
// no code of this header is shared between files with different flags. It has:
//
//   Divide(state, word)  the state after 8 bytes
//   Chunk, Load, Store   a register, and moves between it and any address
//   Pin(&chunk)          makes the compiler forget where the value is from
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/crc32c_internal.h"

namespace fastckpt::internal::crc32c {

inline constexpr std::size_t kWord = 8;

// Added to the last word, it inverts the state after it: ~0 / x^64.
inline constexpr std::uint32_t kFinalInversion =
    Multiply(0xffffffff, PowerOfX(-64));

// Input, and where its copy goes if there is to be one. Of a byte that is
// loaded twice, the copy keeps what the sum was made of. Pinned values are not
// loaded a second time by the compiler's choice, as Clang's likes to be.
template <class Cpu, bool kCopy>
struct Stream {
  const std::uint8_t* from;
  std::uint8_t* to;  // null if !kCopy

  void Skip(std::size_t size) {
    from += size;
    if constexpr (kCopy) to += size;
  }

  std::uint64_t Word(std::size_t at) const {
    std::uint64_t word;
    std::memcpy(&word, from + at, sizeof word);
    if constexpr (kCopy) {
      Pin(&word);
      std::memcpy(to + at, &word, sizeof word);
    }
    return word;
  }

  typename Cpu::Chunk Chunk(std::size_t at) const {
    typename Cpu::Chunk chunk = Cpu::Load(from + at);
    if constexpr (kCopy) {
      Cpu::Pin(&chunk);
      Cpu::Store(to + at, chunk);
    }
    return chunk;
  }

  // The first `count` (1 to 7) bytes, zeros after: two or three loads that
  // overlap.
  std::uint64_t Few(std::size_t count) const {
    const std::size_t last = count - 1;
    const std::size_t middle = count / 2;
    std::uint64_t word = 0;
    if (count < 4) {
      word = from[0] | std::uint64_t{from[middle]} << (8 * middle) |
             std::uint64_t{from[last]} << (8 * last);
    } else {
      std::uint32_t half[2];
      std::memcpy(&half[0], from, 4);
      std::memcpy(&half[1], from + count - 4, 4);
      word = half[0] | std::uint64_t{half[1]} << (8 * (count - 4));
    }
    if constexpr (kCopy) {
      Pin(&word);
      StoreFew(word, count);
    }
    return word;
  }

  static void Pin(std::uint64_t* word) { asm("" : "+r"(*word)); }

  void StoreFew(std::uint64_t word, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i) {
      to[i] = static_cast<std::uint8_t>(word >> (8 * i));
    }
  }
};

template <class Cpu>
inline Stream<Cpu, false> Input(const void* from) {
  return {static_cast<const std::uint8_t*>(from), nullptr};
}
template <class Cpu>
inline Stream<Cpu, true> Input(const void* from, void* to) {
  return {static_cast<const std::uint8_t*>(from),
          static_cast<std::uint8_t*>(to)};
}

// Gives the state after the first `count` (1 to 7) bytes of `word`. The part
// of the state that lies beyond them is only moved.
template <class Cpu>
inline std::uint64_t DivideOdd(std::uint64_t state, std::uint64_t word,
                               std::size_t count) {
  return Cpu::Divide(0, (word ^ state) << (64 - 8 * count)) ^
         (state >> (8 * count));
}

// REQUIRES: size < kWord
template <class Cpu, bool kCopy>
inline std::uint32_t ExtendFew(std::uint32_t crc, Stream<Cpu, kCopy> in,
                               std::size_t size) {
  if (size == 0) return crc;
  const std::uint32_t state = ~crc;
  return ~static_cast<std::uint32_t>(DivideOdd<Cpu>(state, in.Few(size), size));
}

template <class Cpu, bool kCopy>
inline std::uint32_t ExtendShort(std::uint32_t crc, Stream<Cpu, kCopy> in,
                                 std::size_t size) {
  if (size < kWord) [[unlikely]]
    return ExtendFew(crc, in, size);
  std::uint64_t state = static_cast<std::uint32_t>(~crc);
  const std::size_t odd = size % kWord;
  if (odd != 0) {
    state = DivideOdd<Cpu>(state, in.Word(0), odd);
    in.Skip(odd);
    size -= odd;
  }
  for (; size > 4 * kWord; size -= 4 * kWord, in.Skip(4 * kWord)) {
    state = Cpu::Divide(state, in.Word(0));
    state = Cpu::Divide(state, in.Word(kWord));
    state = Cpu::Divide(state, in.Word(2 * kWord));
    state = Cpu::Divide(state, in.Word(3 * kWord));
  }
  if (size > 2 * kWord) {
    state = Cpu::Divide(state, in.Word(0));
    state = Cpu::Divide(state, in.Word(kWord));
    in.Skip(2 * kWord);
    size -= 2 * kWord;
  }
  if (size > kWord) {
    state = Cpu::Divide(state, in.Word(0));
    in.Skip(kWord);
  }
  return static_cast<std::uint32_t>(
      Cpu::Divide(state, in.Word(0) ^ kFinalInversion));
}

}  // namespace fastckpt::internal::crc32c
