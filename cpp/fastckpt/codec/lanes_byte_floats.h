// Sums of floats of one byte: exact, so that no order matters.
//
// Only the files for instruction sets that multiply pairs of bytes include
// this, after they have said what LookUp, Negate, MultiplyPairs and SquarePairs
// are. The exponents are in classes of 8: in one class numbers are integers of
// 11 bits, which are added to its own sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/lanes_halves.h"
#include "fastckpt/codec/lanes_integers.h"
#include "fastckpt/codec/lanes_internal.h"

namespace fastckpt::internal::lanes {
namespace {

constexpr std::size_t kByteLanes = sizeof(AllUbytes);
static_assert(kByteFloats % kByteLanes == 0);
// Zeros are counted in bytes, squares below 2^24 added up in 32 bits.
static_assert(kByteFloats / kByteLanes < 256);

// So many vectors' sums of a class 16 bits hold.
constexpr std::size_t kFewSums = 8;

// What the exponents of a class mean, at the places of their lower four bits.
inline void MakePowers(std::size_t number, AllUbytes* powers) {
  std::uint8_t all[kByteLanes] = {};
  const std::size_t first = number % 2 * 8;
  for (std::size_t i = 0; i < kByteLanes; i += 16) {
    for (std::size_t k = 0; k < 8; ++k) {
      all[i + first + k] = static_cast<std::uint8_t>(1 << k);
    }
    // Subnormal numbers are as those of the next exponent.
    if (number == 0) all[i] = 2;
  }
  std::memcpy(powers, all, sizeof all);
}

template <std::size_t kDigits, std::size_t kClasses>
struct ByteFloatVectors {
  ByteFloatVectors() {
    for (std::size_t i = 0; i < kClasses; ++i) MakePowers(i, &powers[i]);
  }

  void Add(const AllUbytes& bytes) {
    constexpr auto kFirst = static_cast<std::uint8_t>(1 << kDigits);
    constexpr auto kLower = static_cast<std::uint8_t>(kFirst - 1);
    const AllUbytes scaled = bytes & static_cast<std::uint8_t>(0x7f - kLower);
    const AllUbytes exponents = (AllUbytes)((AllUshorts)scaled >> kDigits);
    const AllUbytes digits =
        (bytes & kLower) | ((AllUbytes)(scaled != 0) & kFirst);
    zeros -= (AllUbytes)(digits == 0);
    AllBytes numbers;
    Negate(digits, bytes, &numbers);
    const AllBytes even = (AllBytes)((AllShorts)numbers & 0xff);
    const AllBytes odd = (AllBytes)((AllUshorts)numbers & 0xff00);
    // LookUp gives 0 where the first bit is set.
    AllUbytes places = exponents;
    if constexpr (kDigits < 3) places += 0x70;
    for (std::size_t i = 0; i < kClasses; ++i) {
      if (i == 2) places ^= 0x80;
      AllUbytes power;
      LookUp(powers[i], places, &power);
      AllShorts a, b;
      MultiplyPairs(power, even, &a);
      MultiplyPairs(power, odd, &b);
      few[i] += a + b;
      AllInts a_squares, b_squares;
      SquarePairs(a, &a_squares);
      SquarePairs(b, &b_squares);
      squares[i] += (AllUints)a_squares + (AllUints)b_squares;
    }
  }

  void Empty() {
    for (std::size_t i = 0; i < kClasses; ++i) {
      AddPairs(few[i], &sums[i]);
      few[i] = AllShorts{};
    }
  }

  AllUbytes powers[kClasses];
  AllUbytes zeros = {};
  AllShorts few[kClasses] = {};
  AllInts sums[kClasses] = {};
  AllUints squares[kClasses] = {};
};

template <std::size_t kDigits, std::size_t kClasses>
void SumByteFloats(const std::uint8_t* data, std::size_t count,
                   ByteFloatSums* sums) {
  ByteFloatVectors<kDigits, kClasses> found;
  std::size_t done = 0;
  while (done + kByteLanes <= count) {
    for (std::size_t i = 0; i < kFewSums && done + kByteLanes <= count;
         ++i, done += kByteLanes) {
      AllUbytes bytes;
      Copy(data + done, &bytes);
      found.Add(bytes);
    }
    found.Empty();
  }
  *sums = {};
  if (done < count) {
    AllUbytes bytes = {};
    std::memcpy(&bytes, data + done, count - done);
    found.Add(bytes);
    found.Empty();
    sums->zeros -= kByteLanes - (count - done);
  }
  AddLanes<std::uint8_t>(found.zeros, &sums->zeros);
  for (std::size_t i = 0; i < kClasses; ++i) {
    AddLanes<std::int32_t>(found.sums[i], &sums->sums[i]);
    AddLanes<std::uint32_t>(found.squares[i], &sums->squares[i]);
  }
}

inline void FindByteLimits(const std::uint8_t* data, std::size_t count,
                           ByteLimits* limits) {
  const AllUbytes first = AllUbytes{} + data[0];
  BitLimits<AllUbytes, AllBytes> found(first);
  for (std::size_t done = 0; done < count; done += kByteLanes) {
    AllUbytes bytes = first;
    if (count - done >= kByteLanes) {
      Copy(data + done, &bytes);
    } else {
      std::memcpy(&bytes, data + done, count - done);
    }
    found.Add(bytes);
  }
  limits->least = LeastOf<std::uint8_t>(found.least);
  limits->most = MostOf<std::uint8_t>(found.most);
  limits->signed_least = LeastOf<std::int8_t>(found.signed_least);
  limits->signed_most = MostOf<std::int8_t>(found.signed_most);
}

constexpr ByteFloatFunctions kByteFloatFunctions = {
    FindByteLimits,
    {{SumByteFloats<2, 2>, SumByteFloats<2, 4>},
     {SumByteFloats<3, 1>, SumByteFloats<3, 2>}}};

}  // namespace
}  // namespace fastckpt::internal::lanes
