#include "fastckpt/platform/streaming_copy.h"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace fastckpt::internal {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kLine = 64;
// Smaller ones are not worth the parts before and after whole lines.
constexpr std::size_t kLeast = 4096;

void CopyLine(std::uint8_t* to, const std::uint8_t* from) {
  constexpr std::size_t kWide = sizeof(__m128i);
  __m128i parts[kLine / kWide];
  std::memcpy(parts, from, kLine);
  for (std::size_t i = 0; i < kLine / kWide; ++i) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i * kWide), parts[i]);
  }
}

}  // namespace

void StreamingCopy(void* to, const void* from, std::size_t size) {
  auto* at = static_cast<std::uint8_t*>(to);
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  if (size >= kLeast) {
    const std::size_t first =
        (0 - reinterpret_cast<std::uintptr_t>(at)) % kLine;
    std::memcpy(at, bytes, first);
    const std::size_t end = size - (size - first) % kLine;
    for (std::size_t i = first; i < end; i += kLine) {
      CopyLine(at + i, bytes + i);
    }
    _mm_sfence();
    at += end;
    bytes += end;
    size -= end;
  }
  if (size > 0) std::memcpy(at, bytes, size);
}
#else
void StreamingCopy(void* to, const void* from, std::size_t size) {
  if (size > 0) std::memcpy(to, from, size);
}
#endif

}  // namespace fastckpt::internal
