// FloatCast for x86-64 with AVX-512 F and BW: sixteen numbers at a time.
#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns about its own headers (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <immintrin.h>

#include "fastckpt/codec/float_cast_lanes.h"

namespace fastckpt::internal::float_cast {
namespace {

constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
constexpr int kCut = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;

__m512i Join(__m256 low, __m256 high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_castps_si256(low)),
                            _mm256_castps_si256(high), 1);
}

// Rounded, as NaN stay NaN of their sign.
__m256i ToBfloat16(__m512 floats) {
  const __m512i bits = _mm512_castps_si512(floats);
  const __m512i high = _mm512_srli_epi32(bits, 16);
  const __m512i odd = _mm512_and_si512(high, _mm512_set1_epi32(1));
  const __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
  const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, half), 16);
  const __m512i nan =
      _mm512_or_si512(_mm512_and_si512(high, _mm512_set1_epi32(0x8000)),
                      _mm512_set1_epi32(0x7fc0));
  const __mmask16 is_nan = _mm512_cmp_ps_mask(floats, floats, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(rounded, is_nan, nan));
}

struct Cpu {
  using Floats = __m512;
  static constexpr std::size_t kLanes = 16;

  template <Kind kKind>
  static Floats Load(const std::uint8_t* from) {
    if constexpr (kKind == Kind::kFloat) return _mm512_loadu_ps(from);
    const __m256i narrow =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    if constexpr (kKind == Kind::kHalf) return _mm512_cvtph_ps(narrow);
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(narrow), 16));
  }

  template <bool kToOdd>
  static Floats LoadDoubles(const std::uint8_t* from) {
    const __m512d low = _mm512_loadu_pd(from);
    const __m512d high = _mm512_loadu_pd(from + 64);
    if constexpr (!kToOdd) {
      return _mm512_castsi512_ps(Join(_mm512_cvt_roundpd_ps(low, kNearest),
                                      _mm512_cvt_roundpd_ps(high, kNearest)));
    }
    const __m256 cut_low = _mm512_cvt_roundpd_ps(low, kCut);
    const __m256 cut_high = _mm512_cvt_roundpd_ps(high, kCut);
    const __mmask8 lost_low =
        _mm512_cmp_pd_mask(_mm512_cvtps_pd(cut_low), low, _CMP_NEQ_OQ);
    const __mmask8 lost_high =
        _mm512_cmp_pd_mask(_mm512_cvtps_pd(cut_high), high, _CMP_NEQ_OQ);
    const auto lost = static_cast<__mmask16>(lost_low | (lost_high << 8));
    const __m512i cut = Join(cut_low, cut_high);
    return _mm512_castsi512_ps(
        _mm512_mask_or_epi32(cut, lost, cut, _mm512_set1_epi32(1)));
  }

  template <Kind kKind>
  static void Store(std::uint8_t* to, Floats floats) {
    if constexpr (kKind == Kind::kDouble) {
      const __m512i bits = _mm512_castps_si512(floats);
      const __m256i high = _mm512_extracti64x4_epi64(bits, 1);
      _mm512_storeu_pd(to, _mm512_cvtps_pd(_mm512_castps512_ps256(floats)));
      _mm512_storeu_pd(to + 64, _mm512_cvtps_pd(_mm256_castsi256_ps(high)));
    } else if constexpr (kKind == Kind::kFloat) {
      _mm512_storeu_ps(to, floats);
    } else if constexpr (kKind == Kind::kHalf) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                          _mm512_cvtps_ph(floats, kNearest));
    } else {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), ToBfloat16(floats));
    }
  }

  class Counter {
   public:
    template <std::uint32_t kLimit>
    void Add(Floats floats) {
      const __m512i size = _mm512_and_si512(_mm512_castps_si512(floats),
                                            _mm512_set1_epi32(0x7fffffff));
      const __m512i above = _mm512_sub_epi32(size, Set(kLimit));
      const __mmask16 is_lost =
          _mm512_cmplt_epu32_mask(above, Set(0x7f800000 - kLimit));
      count_ = _mm512_mask_add_epi32(count_, is_lost, count_, Set(1));
    }

    template <std::uint64_t kLimit>
    void AddDoubles(const std::uint8_t* from) {
      const auto is_lost = [&](std::size_t at) {
        const __m512i size = _mm512_and_si512(_mm512_loadu_si512(from + at),
                                              SetLong(0x7fffffffffffffff));
        const __m512i above = _mm512_sub_epi64(size, SetLong(kLimit));
        return _mm512_cmplt_epu64_mask(above,
                                       SetLong(0x7ff0000000000000 - kLimit));
      };
      const auto lost = static_cast<__mmask16>(is_lost(0) | (is_lost(64) << 8));
      count_ = _mm512_mask_add_epi32(count_, lost, count_, Set(1));
    }

    std::uint64_t Sum() const {
      return static_cast<std::uint32_t>(_mm512_reduce_add_epi32(count_));
    }

   private:
    static __m512i Set(std::uint32_t value) {
      return _mm512_set1_epi32(static_cast<int>(value));
    }
    static __m512i SetLong(std::uint64_t value) {
      return _mm512_set1_epi64(static_cast<long long>(value));
    }

    __m512i count_ = _mm512_setzero_si512();
  };
};

}  // namespace

constinit const Table kAvx512 = MakeTable<Cpu>();

}  // namespace fastckpt::internal::float_cast

#endif
