// The types of numbers that Lanes knows: how kLanes of each become float64.
//
// Only lanes_loops.h includes this: everything depends on kLanes, and is in an
// unnamed namespace. Vectors are passed by pointer, as the way of passing them
// depends on the instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fastckpt::internal::lanes {
namespace {

typedef double Doubles __attribute__((vector_size(kLanes * 8)));
typedef std::int64_t Longs __attribute__((vector_size(kLanes * 8)));
typedef std::uint64_t Words __attribute__((vector_size(kLanes * 8)));
typedef float Floats __attribute__((vector_size(kLanes * 4)));
typedef std::int32_t Ints __attribute__((vector_size(kLanes * 4)));
typedef std::uint32_t Uints __attribute__((vector_size(kLanes * 4)));
typedef std::int16_t Shorts __attribute__((vector_size(kLanes * 2)));
typedef std::uint16_t Ushorts __attribute__((vector_size(kLanes * 2)));
typedef std::uint8_t Bytes __attribute__((vector_size(kLanes)));
// As many bytes of float32.
typedef float WideFloats __attribute__((vector_size(kLanes * 8)));
typedef std::int32_t WideInts __attribute__((vector_size(kLanes * 8)));
typedef std::uint32_t WideUints __attribute__((vector_size(kLanes * 8)));
typedef std::int16_t WideShorts __attribute__((vector_size(kLanes * 4)));
typedef std::uint16_t WideUshorts __attribute__((vector_size(kLanes * 4)));
typedef std::uint8_t WideBytes __attribute__((vector_size(kLanes * 2)));

constexpr std::size_t kFloatLanes = 2 * kLanes;

template <typename Vector>
inline void Copy(const std::uint8_t* from, Vector* to) {
  std::memcpy(to, from, sizeof *to);
}

// float64 of integers below 2^32: as the low digits of 2^52.
inline void Widen(const Words& words, Doubles* to) {
  *to = (Doubles)(words | 0x4330000000000000) - 0x1p52;
}

// float32 of float16 in the low halves of words: moving its digits leaves the
// exponents apart, which a product mends, those of the smallest too.
template <typename Unsigned, typename Float>
inline void FloatsOfHalves(const Unsigned& halves, Float* to) {
  const Unsigned size = halves & 0x7fff;
  const Unsigned special =
      (Unsigned)(size > 0x7bff) & ((size << 13) | 0x7f800000);
  const Float numbers = (Float)(size << 13) * 0x1p112f;
  const Unsigned bits = (Unsigned)(size < 0x7c00) & (Unsigned)numbers;
  *to = (Float)(bits | special | ((halves & 0x8000) << 16));
}

// A form has: its size in bytes; Load: kLanes numbers as float64; maybe kOrder,
// and LoadOrder: the same as integers in their order; maybe kFloats, and
// LoadFloats: kFloatLanes of them as float32.
struct Form {
  static constexpr bool kOrder = false;
  static constexpr bool kFloats = false;
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
    *to = __builtin_convertvector(floats, Doubles);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    Copy(from, to);
  }
};

struct HalfForm : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ushorts halves;
    Copy(from, &halves);
    Floats floats;
    FloatsOfHalves(__builtin_convertvector(halves, Uints), &floats);
    *to = __builtin_convertvector(floats, Doubles);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideUshorts halves;
    Copy(from, &halves);
    FloatsOfHalves(__builtin_convertvector(halves, WideUints), to);
  }
};

struct Bfloat16Form : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ushorts bits;
    Copy(from, &bits);
    const Floats floats = (Floats)(__builtin_convertvector(bits, Uints) << 16);
    *to = __builtin_convertvector(floats, Doubles);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideUshorts bits;
    Copy(from, &bits);
    *to = (WideFloats)(__builtin_convertvector(bits, WideUints) << 16);
  }
};

struct Int16Form : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Shorts numbers;
    Copy(from, &numbers);
    *to = __builtin_convertvector(__builtin_convertvector(numbers, Ints),
                                  Doubles);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideShorts numbers;
    Copy(from, &numbers);
    *to = __builtin_convertvector(__builtin_convertvector(numbers, WideInts),
                                  WideFloats);
  }
};

struct Uint16Form : Form {
  static constexpr std::size_t kSize = 2;
  static constexpr bool kFloats = true;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ushorts numbers;
    Copy(from, &numbers);
    *to = __builtin_convertvector(__builtin_convertvector(numbers, Ints),
                                  Doubles);
  }
  static void LoadFloats(const std::uint8_t* from, WideFloats* to) {
    WideUshorts numbers;
    Copy(from, &numbers);
    *to = __builtin_convertvector(__builtin_convertvector(numbers, WideInts),
                                  WideFloats);
  }
};

struct Int32Form : Form {
  static constexpr std::size_t kSize = 4;
  static void Load(const std::uint8_t* from, Doubles* to) {
    Ints numbers;
    Copy(from, &numbers);
    *to = __builtin_convertvector(numbers, Doubles);
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
