// Lanes for x86-64 with AVX2 and F16C: four numbers at a time.
#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>

namespace fastckpt::internal::lanes {
namespace {

constexpr std::size_t kLanes = 4;

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_vectors.h"

namespace fastckpt::internal::lanes {
namespace {

inline void Convert(const Floats& from, Doubles* to) {
  *to = (Doubles)_mm256_cvtps_pd((__m128)from);
}
inline void Convert(const Ints& from, Doubles* to) {
  *to = (Doubles)_mm256_cvtepi32_pd((__m128i)from);
}
inline void Convert(const Doubles& from, Ints* to) {
  *to = (Ints)_mm256_cvttpd_epi32((__m256d)from);
}
inline void Convert(const WideUshorts& from, WideUints* to) {
  *to = (WideUints)_mm256_cvtepu16_epi32((__m128i)from);
}
inline void Convert(const WideShorts& from, WideInts* to) {
  *to = (WideInts)_mm256_cvtepi16_epi32((__m128i)from);
}
inline void AddExactProduct(const Doubles& a, const Doubles& b, Doubles* sum) {
  *sum = (Doubles)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)*sum);
}
inline void ConvertHalves(const Ushorts& from, Floats* to) {
  std::uint64_t four;
  std::memcpy(&four, &from, sizeof four);
  *to = (Floats)_mm_cvtph_ps(_mm_set_epi64x(0, static_cast<long long>(four)));
}
inline void ConvertHalves(const WideUshorts& from, WideFloats* to) {
  *to = (WideFloats)_mm256_cvtph_ps((__m128i)from);
}

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_loops.h"

namespace fastckpt::internal::lanes {
namespace {

inline void LookUp(const AllUbytes& table, const AllUbytes& places,
                   AllUbytes* to) {
  *to = (AllUbytes)_mm256_shuffle_epi8((__m256i)table, (__m256i)places);
}
// Digits with the signs of bytes; those of 0 are 0.
inline void Negate(const AllUbytes& digits, const AllUbytes& bytes,
                   AllBytes* to) {
  *to = (AllBytes)_mm256_sign_epi8((__m256i)digits, (__m256i)bytes);
}
inline void MultiplyPairs(const AllUbytes& a, const AllBytes& b,
                          AllShorts* to) {
  *to = (AllShorts)_mm256_maddubs_epi16((__m256i)a, (__m256i)b);
}
inline void SquarePairs(const AllShorts& numbers, AllInts* to) {
  *to = (AllInts)_mm256_madd_epi16((__m256i)numbers, (__m256i)numbers);
}

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_byte_floats.h"

namespace fastckpt::internal::lanes {

constinit const Table kAvx2 = MakeTable(kByteFloatFunctions);

}  // namespace fastckpt::internal::lanes

#endif
