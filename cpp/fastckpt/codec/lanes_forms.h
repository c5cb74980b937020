// The types of numbers that Lanes knows: how kLanes of each become float64.
//
// Only lanes_loops.h includes this: everything depends on kLanes, and is in an
// unnamed namespace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/lanes_vectors.h"

namespace fastckpt::internal::lanes {
namespace {

// float64 of integers below 2^32: as the low digits of 2^52.
inline void Widen(const Words& words, Doubles* to) {
  *to = (Doubles)(words | 0x4330000000000000) - 0x1p52;
}

// A form has: its size in bytes; Load: kLanes numbers as float64; maybe kOrder,
// and LoadOrder: the same as integers in their order; maybe kFloats, and
// LoadFloats: kFloatLanes of them as float32; maybe kHalves, and LoadSums:
// kSums of them as float32, in an order that does not depend on kLanes.
struct Form {
  static constexpr bool kOrder = false;
  static constexpr bool kFloats = false;
  static constexpr bool kHalves = false;
};

struct DoubleForm : Form {
  static constexpr std::size_t kSize = 8;
  static void Load(const std::uint8_t* from, Doubles* to) { Copy(from, to); }
};

struct FloatForm : Form {
  static constexpr std::size_t kSize = 4;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Floats floats;
    Copy(from, &floats);
    Convert(floats, to);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    Copy(from, to);
  }
};

struct HalfForm : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kHalves = true;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ushorts halves;
    Copy(from, &halves);
    Floats floats;
    ConvertHalves(halves, &floats);
    Convert(floats, to);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideUshorts halves;
    Copy(from, &halves);
    ConvertHalves(halves, to);
  }
  static void LoadSums(const std::uint8_t* from, Floats* to) {
    for (std::size_t i = 0; i < kSets; ++i) {
      Ushorts halves;
      Copy(from + i * sizeof halves, &halves);
      ConvertHalves(halves, &to[i]);
    }
  }
};

struct Bfloat16Form : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kHalves = true;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ushorts bits;
    Copy(from, &bits);
    Uints words;
    Convert(bits, &words);
    const Floats floats = (Floats)(words << 16);
    Convert(floats, to);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideUshorts bits;
    Copy(from, &bits);
    WideUints words;
    Convert(bits, &words);
    *to = (WideFloats)(words << 16);
  }
  // Those of even places first.
  static void LoadSums(const std::uint8_t* from, Floats* to) {
    for (std::size_t i = 0; i < kSets / 2; ++i) {
      Uints pairs;
      Copy(from + i * sizeof pairs, &pairs);
      to[i] = (Floats)(pairs << 16);
      to[kSets / 2 + i] = (Floats)(pairs & 0xffff0000);
    }
  }
};

struct Int16Form : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Shorts numbers;
    Copy(from, &numbers);
    Ints ints;
    Convert(numbers, &ints);
    Convert(ints, to);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideShorts numbers;
    Copy(from, &numbers);
    WideInts ints;
    Convert(numbers, &ints);
    Convert(ints, to);
  }
};

struct Uint16Form : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ushorts numbers;
    Copy(from, &numbers);
    Uints ints;
    Convert(numbers, &ints);
    Convert((Ints)ints, to);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideUshorts numbers;
    Copy(from, &numbers);
    WideUints ints;
    Convert(numbers, &ints);
    Convert((WideInts)ints, to);
  }
};

struct Int32Form : Form {
  static constexpr std::size_t kSize = 4;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ints numbers;
    Copy(from, &numbers);
    Convert(numbers, to);
  }
};

struct Uint32Form : Form {
  static constexpr std::size_t kSize = 4;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Uints numbers;
    Copy(from, &numbers);
    Widen(__builtin_convertvector(numbers, Words), to);
  }
};

// The upper halves as digits of 2^84, the lower ones of 2^52; both are exact,
// and their sum is rounded once.
struct Uint64Form : Form {
  static constexpr std::size_t kSize = 8;
  static constexpr bool kOrder = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Words numbers;
    Copy(from, &numbers);
    Doubles low;
    Widen(numbers & 0xffffffff, &low);
    *to = ((Doubles)((numbers >> 32) | 0x4530000000000000) - 0x1p84) + low;
  }
  static void LoadOrder(const std::uint8_t* from, Words* to) { Copy(from, to); }
};

struct Int64Form : Form {
  static constexpr std::size_t kSize = 8;
  static constexpr bool kOrder = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Words numbers;
    LoadOrder(from, &numbers);
    Doubles low;
    Widen(numbers & 0xffffffff, &low);
    const Doubles high =
        (Doubles)((numbers >> 32) | 0x4530000000000000) - (0x1p84 + 0x1p63);
    *to = high + low;
  }
  static void LoadOrder(const std::uint8_t* from, Words* to) {
    Copy(from, to);
    *to ^= std::uint64_t{1} << 63;
  }
};

}  // namespace
}  // namespace fastckpt::internal::lanes
