// FloatCast for x86-64 with AVX2 and F16C: eight numbers at a time.
#if defined(__x86_64__)

#include <immintrin.h>

#include "fastckpt/codec/float_cast_lanes.h"

namespace fastckpt::internal::float_cast {
namespace {

constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

__m256i Set(std::uint32_t value) {
  return _mm256_set1_epi32(static_cast<int>(value));
}

__m256i SetLong(std::uint64_t value) {
  return _mm256_set1_epi64x(static_cast<long long>(value));
}

// Two times four masks of 64 bits as eight of 32.
__m256i JoinMasks(__m256d low, __m256d high) {
  const __m256 mixed =
      _mm256_shuffle_ps(_mm256_castpd_ps(low), _mm256_castpd_ps(high), 0x88);
  return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xd8);
}

__m256d Magnitude(__m256d doubles) {
  return _mm256_andnot_pd(_mm256_set1_pd(-0.0), doubles);
}

// Rounded, as NaN stay NaN of their sign.
__m128i ToBfloat16(__m256 floats) {
  const __m256i bits = _mm256_castps_si256(floats);
  const __m256i high = _mm256_srli_epi32(bits, 16);
  const __m256i odd = _mm256_and_si256(high, Set(1));
  const __m256i half = _mm256_add_epi32(odd, Set(0x7fff));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, half), 16);
  const __m256i nan =
      _mm256_or_si256(_mm256_and_si256(high, Set(0x8000)), Set(0x7fc0));
  const __m256i is_nan =
      _mm256_castps_si256(_mm256_cmp_ps(floats, floats, _CMP_UNORD_Q));
  const __m256i result = _mm256_blendv_epi8(rounded, nan, is_nan);
  const __m256i packed = _mm256_packus_epi32(result, result);
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}

struct Cpu {
  using Floats = __m256;
  static constexpr std::size_t kLanes = 8;

  template <Kind kKind>
  static Floats Load(const std::uint8_t* from) {
    if constexpr (kKind == Kind::kFloat) {
      return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
    }
    const __m128i narrow =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    if constexpr (kKind == Kind::kHalf) return _mm256_cvtph_ps(narrow);
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
  }

  static __m256d FourDoubles(const std::uint8_t* from) {
    return _mm256_loadu_pd(reinterpret_cast<const double*>(from));
  }

  // To odd: what was rounded away from zero goes one back, and the last bit is
  // set where anything was lost. What became infinite is the largest number
  // then, which float16 has no room for either.
  template <bool kToOdd>
  static Floats LoadDoubles(const std::uint8_t* from) {
    const __m256d low = FourDoubles(from);
    const __m256d high = FourDoubles(from + 32);
    const __m128 near_low = _mm256_cvtpd_ps(low);
    const __m128 near_high = _mm256_cvtpd_ps(high);
    const __m256 near = _mm256_set_m128(near_high, near_low);
    if constexpr (!kToOdd) return near;
    const __m256d back_low = _mm256_cvtps_pd(near_low);
    const __m256d back_high = _mm256_cvtps_pd(near_high);
    const __m256i away = JoinMasks(
        _mm256_cmp_pd(Magnitude(back_low), Magnitude(low), _CMP_GT_OQ),
        _mm256_cmp_pd(Magnitude(back_high), Magnitude(high), _CMP_GT_OQ));
    const __m256i lost = JoinMasks(_mm256_cmp_pd(back_low, low, _CMP_NEQ_OQ),
                                   _mm256_cmp_pd(back_high, high, _CMP_NEQ_OQ));
    const __m256i cut = _mm256_add_epi32(_mm256_castps_si256(near), away);
    return _mm256_castsi256_ps(
        _mm256_or_si256(cut, _mm256_and_si256(lost, Set(1))));
  }

  template <Kind kKind>
  static void Store(std::uint8_t* to, Floats floats) {
    if constexpr (kKind == Kind::kDouble) {
      auto* doubles = reinterpret_cast<double*>(to);
      _mm256_storeu_pd(doubles,
                       _mm256_cvtps_pd(_mm256_castps256_ps128(floats)));
      _mm256_storeu_pd(doubles + 4,
                       _mm256_cvtps_pd(_mm256_extractf128_ps(floats, 1)));
    } else if constexpr (kKind == Kind::kFloat) {
      _mm256_storeu_ps(reinterpret_cast<float*>(to), floats);
    } else if constexpr (kKind == Kind::kHalf) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                       _mm256_cvtps_ph(floats, kNearest));
    } else {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), ToBfloat16(floats));
    }
  }

  class Counter {
   public:
    template <std::uint32_t kLimit>
    void Add(Floats floats) {
      const __m256i size =
          _mm256_and_si256(_mm256_castps_si256(floats), Set(0x7fffffff));
      const __m256i is_lost =
          _mm256_and_si256(_mm256_cmpgt_epi32(size, Set(kLimit - 1)),
                           _mm256_cmpgt_epi32(Set(0x7f800000), size));
      count_ = _mm256_sub_epi32(count_, is_lost);
    }

    template <std::uint64_t kLimit>
    void AddDoubles(const std::uint8_t* from) {
      AddFour<kLimit>(from);
      AddFour<kLimit>(from + 32);
    }

    std::uint64_t Sum() const {
      std::uint32_t counts[8];
      std::uint64_t wide[4];
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(counts), count_);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(wide), wide_count_);
      std::uint64_t sum = 0;
      for (const std::uint32_t count : counts) sum += count;
      for (const std::uint64_t count : wide) sum += count;
      return sum;
    }

   private:
    template <std::uint64_t kLimit>
    void AddFour(const std::uint8_t* from) {
      const __m256i bits =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
      const __m256i size = _mm256_and_si256(bits, SetLong(0x7fffffffffffffff));
      const __m256i is_lost = _mm256_and_si256(
          _mm256_cmpgt_epi64(size, SetLong(kLimit - 1)),
          _mm256_cmpgt_epi64(SetLong(0x7ff0000000000000), size));
      wide_count_ = _mm256_sub_epi64(wide_count_, is_lost);
    }

    __m256i count_ = _mm256_setzero_si256();
    __m256i wide_count_ = _mm256_setzero_si256();
  };
};

}  // namespace

constinit const Table kAvx2 = MakeTable<Cpu>();

}  // namespace fastckpt::internal::float_cast

#endif
