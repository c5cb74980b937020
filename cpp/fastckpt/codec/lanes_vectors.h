// The vectors of Lanes, all of kLanes times 8 bytes or parts of that.
//
// For lanes_forms.h and the files for one instruction set alone: everything
// depends on kLanes, and is in an unnamed namespace. Vectors are passed by
// pointer, as the way of passing them depends on the instructions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/lanes_internal.h"

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
// Vectors that kSums float64 take.
constexpr std::size_t kSets = kSums / kLanes;

template <typename Vector>
inline void Copy(const std::uint8_t* from, Vector* to) {
  std::memcpy(to, from, sizeof *to);
}

// As many numbers of another type. Compilers make several instructions of it
// where there is one for numbers of another size: files for one instruction set
// say these, between this header and lanes_loops.h.
template <typename From, typename To>
inline void Convert(const From& from, To* to) {
  *to = __builtin_convertvector(from, To);
}

// Adds products that float64 holds exactly: rounded once or twice, they are the
// same.
template <typename Number>
inline void AddExactProduct(const Number& a, const Number& b, Number* sum) {
  *sum += a * b;
}

// As many float32 of float16: moving their digits leaves the exponents apart,
// which a product mends, those of the smallest too. Again, there may be one
// instruction for it.
template <typename Halves, typename Float>
inline void ConvertHalves(const Halves& halves, Float* to) {
  using Whole = decltype(Float{} < Float{});
  const Whole words = __builtin_convertvector(halves, Whole);
  const Whole size = words & 0x7fff;
  const Whole special = (size > 0x7bff) & ((size << 13) | 0x7f800000);
  const Float numbers = (Float)(size << 13) * 0x1p112f;
  const Whole bits = (size < 0x7c00) & (Whole)numbers;
  *to = (Float)(bits | special | ((words & 0x8000) << 16));
}

}  // namespace
}  // namespace fastckpt::internal::lanes
