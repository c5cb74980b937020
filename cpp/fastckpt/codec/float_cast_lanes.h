// FloatCast with vectors of float32: one algorithm, written once.
//
// What is narrow is widened to float32, which is exact, and rounded from there;
// float64 is rounded to float32 on the way in. On its way to float16 that would
// round twice: it is rounded to odd then, that is cut off, with the last bit
// set if anything was lost. float32 has more than two bits beyond float16's,
// so that what follows rounds as if from the float64 itself.
//
// Only the files for one instruction set include this: everything depends on
// their `Cpu`, which is in an unnamed namespace, or is static.
// Source: Boldo and Melquiond, "When double rounding is odd", 2005.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/float_cast_internal.h"

namespace fastckpt::internal::float_cast {

inline constexpr std::size_t kSizes[kKinds] = {8, 4, 2, 2};

static constexpr std::size_t SizeOf(Kind kind) {
  return kSizes[static_cast<std::size_t>(kind)];
}

// The bits of the smallest number that becomes infinite: of the float64, or
// of the float32 that stands for a narrower one. 0: none does.
static constexpr std::uint64_t LimitOf(Kind from, Kind to) {
  if (from == Kind::kDouble) {
    if (to == Kind::kFloat) return 0x47effffff0000000;
    if (to == Kind::kHalf) return 0x40effe0000000000;
    return 0x47efeffff0000000;
  }
  if (to == Kind::kHalf) return 0x477ff000;
  if (to == Kind::kBfloat16 && from == Kind::kFloat) return 0x7f7f8000;
  return 0;
}

// A Cpu has:
//   kLanes, Floats                 how many float32 a vector holds; it
//   Load<Kind>(from)               kLanes numbers as float32
//   LoadDoubles<to odd>(from)      the same of float64
//   Store<Kind>(to, floats)        the other way
//   Counter                        Add<limit>(floats), AddDoubles<limit>(from):
//                                  counts finite ones from the limit on; Sum()
template <typename Cpu, Kind kFrom, Kind kTo>
void CastVector(const std::uint8_t* from, std::uint8_t* to,
                typename Cpu::Counter* counter) {
  constexpr std::uint64_t kLimit = LimitOf(kFrom, kTo);
  if constexpr (kFrom == Kind::kDouble) {
    counter->template AddDoubles<kLimit>(from);
    Cpu::template Store<kTo>(
        to, Cpu::template LoadDoubles<kTo == Kind::kHalf>(from));
  } else {
    const typename Cpu::Floats floats = Cpu::template Load<kFrom>(from);
    if constexpr (kLimit != 0) {
      counter->template Add<static_cast<std::uint32_t>(kLimit)>(floats);
    }
    Cpu::template Store<kTo>(to, floats);
  }
}

template <typename Cpu, Kind kFrom, Kind kTo>
std::uint64_t Cast(const void* source, void* target, std::size_t count) {
  constexpr std::size_t kIn = SizeOf(kFrom);
  constexpr std::size_t kOut = SizeOf(kTo);
  const auto* from = static_cast<const std::uint8_t*>(source);
  auto* to = static_cast<std::uint8_t*>(target);
  typename Cpu::Counter counter;
  for (; count >= Cpu::kLanes; count -= Cpu::kLanes) {
    CastVector<Cpu, kFrom, kTo>(from, to, &counter);
    from += Cpu::kLanes * kIn;
    to += Cpu::kLanes * kOut;
  }
  if (count > 0) {
    std::uint8_t in[Cpu::kLanes * kIn] = {};
    std::uint8_t out[Cpu::kLanes * kOut];
    std::memcpy(in, from, count * kIn);
    CastVector<Cpu, kFrom, kTo>(in, out, &counter);
    std::memcpy(to, out, count * kOut);
  }
  return counter.Sum();
}

template <typename Cpu>
consteval Table MakeTable() {
  using enum Kind;
  return {{
      {nullptr, Cast<Cpu, kDouble, kFloat>, Cast<Cpu, kDouble, kHalf>,
       Cast<Cpu, kDouble, kBfloat16>},
      {Cast<Cpu, kFloat, kDouble>, nullptr, Cast<Cpu, kFloat, kHalf>,
       Cast<Cpu, kFloat, kBfloat16>},
      {Cast<Cpu, kHalf, kDouble>, Cast<Cpu, kHalf, kFloat>, nullptr,
       Cast<Cpu, kHalf, kBfloat16>},
      {Cast<Cpu, kBfloat16, kDouble>, Cast<Cpu, kBfloat16, kFloat>,
       Cast<Cpu, kBfloat16, kHalf>, nullptr},
  }};
}

}  // namespace fastckpt::internal::float_cast
