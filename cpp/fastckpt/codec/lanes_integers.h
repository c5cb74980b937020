// Sums of integers of one and two bytes: exact, so that no order matters.
//
// Only lanes_loops.h includes this, for the same reasons as lanes_forms.h. Of
// unsigned numbers the first bit is flipped: what is summed up are signed ones,
// whose squares take less.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/lanes_forms.h"
#include "fastckpt/codec/lanes_internal.h"

namespace fastckpt::internal::lanes {
namespace {

typedef std::int8_t AllBytes __attribute__((vector_size(kLanes * 8)));
typedef std::uint8_t AllUbytes __attribute__((vector_size(kLanes * 8)));
typedef std::int16_t AllShorts __attribute__((vector_size(kLanes * 8)));
typedef std::uint16_t AllUshorts __attribute__((vector_size(kLanes * 8)));
typedef std::int32_t AllInts __attribute__((vector_size(kLanes * 8)));
typedef std::uint32_t AllUints __attribute__((vector_size(kLanes * 8)));

// Narrow counts and sums hold what so many vectors come to.
constexpr std::size_t kFew = 120;

// Adds what two neighbours of 16 bits come to.
inline void AddPairs(const AllShorts& pairs, AllInts* sums) {
  const AllInts both = (AllInts)pairs;
  *sums += ((both << 16) >> 16) + (both >> 16);
}

inline void AddPairs(const AllUshorts& pairs, AllUints* sums) {
  const AllUints both = (AllUints)pairs;
  *sums += (both & 0xffff) + (both >> 16);
}

struct ByteSums {
  using Number = std::int8_t;
  using Vector = AllBytes;

  void Add(const Vector& numbers, const Vector& zero) {
    few_zeros -= numbers == zero;
    const AllShorts pairs = (AllShorts)numbers;
    const AllShorts even = (pairs << 8) >> 8;
    const AllShorts odd = pairs >> 8;
    few += even + odd;
    // At most 2^15.
    const AllUshorts a = (AllUshorts)even;
    const AllUshorts b = (AllUshorts)odd;
    AddPairs(a * a + b * b, &squares);
  }

  // Takes in what narrow ones hold.
  void Empty() {
    AddPairs(few, &sum);
    const AllUshorts found = (AllUshorts)few_zeros;
    AddPairs((found & 0xff) + (found >> 8), &zeros);
    few = AllShorts{};
    few_zeros = AllBytes{};
  }

  AllBytes few_zeros = {};
  AllShorts few = {};
  AllInts sum = {};
  AllUints squares = {};
  AllUints zeros = {};
};

struct ShortSums {
  using Number = std::int16_t;
  using Vector = AllShorts;

  void Add(const Vector& numbers, const Vector& zero) {
    few_zeros -= numbers == zero;
    const AllInts pairs = (AllInts)numbers;
    const AllInts even = (pairs << 16) >> 16;
    const AllInts odd = pairs >> 16;
    sum += even + odd;
    // At most 2^31.
    const AllUints a = (AllUints)even;
    const AllUints b = (AllUints)odd;
    const Words both = (Words)(a * a + b * b);
    squares += (both & 0xffffffff) + (both >> 32);
  }

  void Empty() {
    AddPairs((AllUshorts)few_zeros, &zeros);
    few_zeros = AllShorts{};
  }

  AllShorts few_zeros = {};
  AllInts sum = {};
  Words squares = {};
  AllUints zeros = {};
};

// Adds all lanes.
template <typename Lane, typename Vector, typename Total>
void AddLanes(const Vector& vector, Total* total) {
  Lane lanes[sizeof(Vector) / sizeof(Lane)];
  std::memcpy(lanes, &vector, sizeof lanes);
  for (const Lane lane : lanes) *total += static_cast<Total>(lane);
}

template <typename Number>
void AddOne(Number number, Number zero, IntegerBlock* block) {
  if (number < block->low) block->low = number;
  if (number > block->high) block->high = number;
  block->zeros += number == zero;
  block->sum += number;
  block->squares += static_cast<std::uint64_t>(std::int64_t{number} * number);
}

// Limits, and all lanes of sums, of whole vectors.
template <typename Sums>
void SumVectors(const std::uint8_t* data, std::size_t count,
                typename Sums::Number flip, IntegerBlock* block) {
  using Number = typename Sums::Number;
  using Vector = typename Sums::Vector;
  const Vector flips = Vector{} + flip;
  Vector low = Vector{} + static_cast<Number>(block->low);
  Vector high = low;
  Sums found;
  for (std::size_t done = 0; done < count;) {
    const std::size_t end = count - done < kFew ? count : done + kFew;
    for (; done < end; ++done) {
      Vector numbers;
      Copy(data + done * sizeof(Vector), &numbers);
      numbers ^= flips;
      low = numbers < low ? numbers : low;
      high = numbers > high ? numbers : high;
      found.Add(numbers, flips);
    }
    found.Empty();
  }
  Number lows[sizeof(Vector) / sizeof(Number)];
  Number highs[sizeof(Vector) / sizeof(Number)];
  std::memcpy(lows, &low, sizeof lows);
  std::memcpy(highs, &high, sizeof highs);
  for (const Number one : lows) {
    if (one < block->low) block->low = one;
  }
  for (const Number one : highs) {
    if (one > block->high) block->high = one;
  }
  AddLanes<std::int32_t>(found.sum, &block->sum);
  AddLanes<std::uint32_t>(found.zeros, &block->zeros);
  if constexpr (sizeof(Number) == 1) {
    AddLanes<std::uint32_t>(found.squares, &block->squares);
  } else {
    AddLanes<std::uint64_t>(found.squares, &block->squares);
  }
}

template <typename Sums>
void SumIntegers(const std::uint8_t* data, std::size_t count, bool flips,
                 IntegerBlock* block) {
  using Number = typename Sums::Number;
  constexpr std::size_t kOne = sizeof(Number);
  constexpr std::size_t kTogether = kLanes * 8 / kOne;
  const auto flip =
      static_cast<Number>(flips ? std::uint64_t{1} << (8 * kOne - 1) : 0);
  Number number;
  std::memcpy(&number, data, kOne);
  number = static_cast<Number>(number ^ flip);
  *block = {number, number, 0, 0, 0};
  const std::size_t vectors = count / kTogether;
  SumVectors<Sums>(data, vectors, flip, block);
  for (std::size_t i = vectors * kTogether; i < count; ++i) {
    std::memcpy(&number, data + i * kOne, kOne);
    AddOne<Number>(static_cast<Number>(number ^ flip), flip, block);
  }
}

}  // namespace
}  // namespace fastckpt::internal::lanes
