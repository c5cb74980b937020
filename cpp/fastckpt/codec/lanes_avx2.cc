// Lanes for x86-64 with AVX2: four numbers at a time.
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

}  // namespace
}  // namespace fastckpt::internal::lanes

#include "fastckpt/codec/lanes_loops.h"

namespace fastckpt::internal::lanes {

constinit const Table kAvx2 = MakeTable();

}  // namespace fastckpt::internal::lanes

#endif
