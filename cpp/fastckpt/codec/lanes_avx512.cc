// Lanes for x86-64 with AVX-512: eight numbers at a time.
#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>

namespace fastckpt::internal::lanes {
namespace {

constexpr std::size_t kLanes = 8;

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_vectors.h"

namespace fastckpt::internal::lanes {
namespace {

inline void Convert(const Floats& from, Doubles* to) {
  *to = (Doubles)_mm512_maskz_cvtps_pd(0xff, (__m256)from);
}
inline void Convert(const Ints& from, Doubles* to) {
  *to = (Doubles)_mm512_maskz_cvtepi32_pd(0xff, (__m256i)from);
}
inline void Convert(const Doubles& from, Ints* to) {
  *to = (Ints)_mm512_maskz_cvttpd_epi32(0xff, (__m512d)from);
}
inline void Convert(const Ushorts& from, Uints* to) {
  *to = (Uints)_mm256_cvtepu16_epi32((__m128i)from);
}
inline void Convert(const Shorts& from, Ints* to) {
  *to = (Ints)_mm256_cvtepi16_epi32((__m128i)from);
}
inline void Convert(const WideUshorts& from, WideUints* to) {
  *to = (WideUints)_mm512_maskz_cvtepu16_epi32(0xffff, (__m256i)from);
}
inline void Convert(const WideShorts& from, WideInts* to) {
  *to = (WideInts)_mm512_maskz_cvtepi16_epi32(0xffff, (__m256i)from);
}
inline void Convert(const WideInts& from, WideBytes* to) {
  *to = (WideBytes)_mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)from);
}
inline void AddExactProduct(const Doubles& a, const Doubles& b, Doubles* sum) {
  *sum = (Doubles)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)*sum);
}
inline void ConvertHalves(const Ushorts& from, Floats* to) {
  *to = (Floats)_mm256_cvtph_ps((__m128i)from);
}
inline void ConvertHalves(const WideUshorts& from, WideFloats* to) {
  *to = (WideFloats)_mm512_maskz_cvtph_ps(0xffff, (__m256i)from);
}

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_loops.h"

namespace fastckpt::internal::lanes {
namespace {

inline void LookUp(const AllUbytes& table, const AllUbytes& places,
                   AllUbytes* to) {
  *to = (AllUbytes)_mm512_shuffle_epi8((__m512i)table, (__m512i)places);
}
// Digits with the signs of bytes.
inline void Negate(const AllUbytes& digits, const AllUbytes& bytes,
                   AllBytes* to) {
  const __m512i numbers = (__m512i)digits;
  *to = (AllBytes)_mm512_mask_sub_epi8(numbers,
                                       _mm512_movepi8_mask((__m512i)bytes),
                                       _mm512_setzero_si512(), numbers);
}
inline void MultiplyPairs(const AllUbytes& a, const AllBytes& b,
                          AllShorts* to) {
  *to = (AllShorts)_mm512_maddubs_epi16((__m512i)a, (__m512i)b);
}
inline void SquarePairs(const AllShorts& numbers, AllInts* to) {
  *to = (AllInts)_mm512_madd_epi16((__m512i)numbers, (__m512i)numbers);
}

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_byte_floats.h"

namespace fastckpt::internal::lanes {

constinit const Table kAvx512 = MakeTable(kByteFloatFunctions);

}  // namespace fastckpt::internal::lanes

#endif
