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

constinit const Table kAvx2 = MakeTable();

}  // namespace fastckpt::internal::lanes

#endif
