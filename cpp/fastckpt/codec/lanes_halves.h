// Sums of floats of two bytes: of the numbers themselves, not of distances.
//
// Only lanes_loops.h includes this, for the same reasons as lanes_forms.h. As
// these have at most 11 digits, their squares are exact in float64, and so are
// sums unless numbers of a block differ much in size. Where the spread is small
// beside the mean, these sums still say too little of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/lanes_forms.h"
#include "fastckpt/codec/lanes_integers.h"
#include "fastckpt/codec/lanes_internal.h"

namespace fastckpt::internal::lanes {
namespace {

// Limits of bits that are a sign and a size, found without telling signs apart.
template <typename Unsigned, typename Signed>
struct BitLimits {
  explicit BitLimits(const Unsigned& first)
      : least(first),
        most(first),
        signed_least((Signed)first),
        signed_most((Signed)first) {}

  void Add(const Unsigned& bits) {
    least = bits < least ? bits : least;
    most = bits > most ? bits : most;
    const Signed numbers = (Signed)bits;
    signed_least = numbers < signed_least ? numbers : signed_least;
    signed_most = numbers > signed_most ? numbers : signed_most;
  }

  Unsigned least, most;
  Signed signed_least, signed_most;
};
using HalfLimits = BitLimits<AllUshorts, AllShorts>;

// The smallest and the largest of all lanes.
template <typename Lane, typename Vector>
Lane LeastOf(const Vector& vector) {
  Lane lanes[sizeof(Vector) / sizeof(Lane)];
  std::memcpy(lanes, &vector, sizeof lanes);
  Lane least = lanes[0];
  for (const Lane lane : lanes) least = lane < least ? lane : least;
  return least;
}
template <typename Lane, typename Vector>
Lane MostOf(const Vector& vector) {
  Lane lanes[sizeof(Vector) / sizeof(Lane)];
  std::memcpy(lanes, &vector, sizeof lanes);
  Lane most = lanes[0];
  for (const Lane lane : lanes) most = lane > most ? lane : most;
  return most;
}

// Numbers that go through limits and sums at a time.
constexpr std::size_t kHalves = 32;
constexpr std::size_t kHalfSize = 2;
constexpr std::uint16_t kMinusZero = 0x8000;

struct HalfSums {
  Doubles sums[kSets] = {};
  Doubles squares[kSets] = {};
};

// As many as kSums.
template <typename Number>
inline void AddSums(const std::uint8_t* data, Doubles (&sums)[kSets],
                    Doubles (&squares)[kSets]) {
  Floats floats[kSets];
  Number::LoadSums(data, floats);
  for (std::size_t i = 0; i < kSets; ++i) {
    Doubles numbers;
    Convert(floats[i], &numbers);
    sums[i] += numbers;
    AddExactProduct(numbers, numbers, &squares[i]);
  }
}

inline void AddLimits(const std::uint8_t* data, HalfLimits* limits) {
  constexpr std::size_t kVector = sizeof(AllUshorts);
  for (std::size_t i = 0; i < kHalves * kHalfSize; i += kVector) {
    AllUshorts bits;
    Copy(data + i, &bits);
    limits->Add(bits);
  }
}

inline std::uint64_t CountZeros(const std::uint8_t* data, std::size_t count) {
  constexpr std::size_t kTogether = sizeof(AllUshorts) / kHalfSize;
  std::uint64_t zeros = 0;
  std::size_t done = 0;
  // A lane holds what 2^16 - 1 vectors come to.
  while (done + kTogether <= count) {
    AllUshorts found = {};
    for (std::size_t k = 0; k < UINT16_MAX && done + kTogether <= count;
         ++k, done += kTogether) {
      AllUshorts bits;
      Copy(data + done * kHalfSize, &bits);
      found -= (AllUshorts)(bits + bits == 0);
    }
    AddLanes<std::uint16_t>(found, &zeros);
  }
  for (; done < count; ++done) {
    std::uint16_t bits;
    std::memcpy(&bits, data + done * kHalfSize, kHalfSize);
    zeros += (bits & 0x7fff) == 0;
  }
  return zeros;
}

// What limits of bits say of numbers.
template <typename Number>
void FinishHalves(const HalfLimits& limits, const std::uint8_t* data,
                  std::size_t count, Block* block) {
  const auto least = LeastOf<std::uint16_t>(limits.least);
  const auto most = MostOf<std::uint16_t>(limits.most);
  const auto signed_least = LeastOf<std::int16_t>(limits.signed_least);
  const auto signed_most = MostOf<std::int16_t>(limits.signed_most);
  // Of what has a sign the largest bits are the smallest number.
  std::uint16_t low = most < kMinusZero ? least : most;
  if (low == kMinusZero && least == 0) low = 0;
  const std::uint16_t high =
      signed_most < 0 ? least : static_cast<std::uint16_t>(signed_most);
  std::uint8_t both[kLanes * kHalfSize] = {};
  std::memcpy(both, &low, kHalfSize);
  std::memcpy(both + kHalfSize, &high, kHalfSize);
  Doubles numbers;
  Number::Load(both, &numbers);
  block->low = numbers[0];
  block->high = numbers[1];
  const bool are_zeros = least == 0 || signed_least == INT16_MIN;
  block->zeros = are_zeros ? CountZeros(data, count) : 0;
}

// Counts kHalves of them.
inline void CountWords(const std::uint8_t* data, std::uint32_t* counts) {
  for (std::size_t i = 0; i < kHalves * kHalfSize; i += 8) {
    std::uint64_t four;
    std::memcpy(&four, data + i, sizeof four);
    ++counts[four & 0xffff];
    ++counts[(four >> 16) & 0xffff];
    ++counts[(four >> 32) & 0xffff];
    ++counts[four >> 48];
  }
}

// Of `whole` numbers, a multiple of kHalves; the first one's where there is
// none.
inline HalfLimits LimitsOf(const std::uint8_t* data, std::size_t whole,
                           std::uint16_t first) {
  HalfLimits limits(AllUshorts{} + first);
  for (std::size_t done = 0; done < whole; done += kHalves) {
    AddLimits(data + done * kHalfSize, &limits);
  }
  return limits;
}

// Sums them up, and maybe counts them by their values: done together, as the
// one waits for memory where the other computes.
template <typename Number, bool kCounts>
void SumWhole(const std::uint8_t* data, std::size_t whole, HalfSums* found,
              std::uint32_t* counts) {
  // Compilers keep these in registers, and would not what others see.
  Doubles sums[kSets] = {};
  Doubles squares[kSets] = {};
  for (std::size_t done = 0; done < whole; done += kHalves) {
    const std::uint8_t* from = data + done * kHalfSize;
    if constexpr (kCounts) {
      CountWords(from, counts);
      // They keep counts for the next turn, too, for which there is no room.
      asm volatile("" ::: "memory");
    }
    AddSums<Number>(from, sums, squares);
    AddSums<Number>(from + kSums * kHalfSize, sums, squares);
  }
  for (std::size_t i = 0; i < kSets; ++i) {
    found->sums[i] = sums[i];
    found->squares[i] = squares[i];
  }
}

// A block is in the nearest cache when it is summed up: in one loop there would
// be no registers for all.
template <typename Number, bool kCounts>
void SumAndCount(const std::uint8_t* data, std::size_t count, Block* block,
                 std::uint32_t* counts) {
  std::uint16_t first;
  std::memcpy(&first, data, kHalfSize);
  const std::size_t whole = count / kHalves * kHalves;
  HalfLimits limits = LimitsOf(data, whole, first);
  HalfSums found;
  SumWhole<Number, kCounts>(data, whole, &found, counts);
  if (whole < count) {
    // The first number again changes no limit, zeros no sum.
    std::uint16_t some[kHalves];
    for (std::uint16_t& one : some) one = first;
    const std::uint8_t* from = data + whole * kHalfSize;
    const std::size_t size = (count - whole) * kHalfSize;
    std::uint8_t rest[sizeof some];
    std::memcpy(some, from, size);
    if constexpr (kCounts) {
      for (std::size_t i = 0; i < count - whole; ++i) ++counts[some[i]];
    }
    std::memcpy(rest, some, sizeof rest);
    AddLimits(rest, &limits);
    std::memset(rest + size, 0, sizeof rest - size);
    AddSums<Number>(rest, found.sums, found.squares);
    AddSums<Number>(rest + kSums * kHalfSize, found.sums, found.squares);
  }
  block->pivot = 0;
  block->low_order = UINT64_MAX;
  block->high_order = 0;
  FinishHalves<Number>(limits, data, count, block);
  std::memcpy(block->sums, found.sums, sizeof block->sums);
  std::memcpy(block->squares, found.squares, sizeof block->squares);
}

template <typename Number>
void SumHalves(const std::uint8_t* data, std::size_t count, Block* block) {
  SumAndCount<Number, false>(data, count, block, nullptr);
}

}  // namespace
}  // namespace fastckpt::internal::lanes
