// CRC32C for x86-64 with SSE4.2 and PCLMULQDQ: chunks of 16 bytes.
#if defined(__x86_64__)

#include <nmmintrin.h>
#include <wmmintrin.h>

#include <cstddef>
#include <cstdint>

#include "fastckpt/codec/crc32c_fold.h"

namespace fastckpt::internal::crc32c {
namespace {

struct Cpu {
  using Piece = __m128i;
  using Chunk = __m128i;
  static constexpr std::size_t kChunk = 16;
  static constexpr std::size_t kShort = 160;
  static constexpr std::size_t kMedium = kShort;  // never the fastest
  static constexpr std::size_t kFirstWords = 32;
  static constexpr std::size_t kOtherWords = 32;

  static std::uint64_t Divide(std::uint64_t state, std::uint64_t word) {
    return _mm_crc32_u64(state, word);
  }
  static Chunk Load(const void* from) {
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
  }
  static void Store(void* to, Chunk chunk) {
    _mm_storeu_si128(static_cast<__m128i*>(to), chunk);
  }
  static void Pin(Chunk* chunk) { asm("" : "+x"(*chunk)); }
  static Chunk LoadConstants(const std::uint64_t* pair) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(pair));
  }
  static Chunk Repeat(const std::uint64_t* pair) { return LoadConstants(pair); }
  static Chunk Add(Chunk a, Chunk b) { return _mm_xor_si128(a, b); }
  static Chunk Fold(Chunk a, Chunk constants, Chunk b) {
    return Add(Add(_mm_clmulepi64_si128(a, constants, 0x00), b),
               _mm_clmulepi64_si128(a, constants, 0x11));
  }
  static Chunk MoveToEnd(Chunk chunk, std::size_t count) {
    return _mm_shuffle_epi8(chunk, Load(&kMoves.bytes[count]));
  }
  static Piece Product(std::uint32_t a, std::uint32_t b) {
    return _mm_clmulepi64_si128(Low(a), Low(b), 0x00);
  }
  static Chunk Widen(Piece piece) { return piece; }
  static Chunk Low(std::uint64_t word) {
    return _mm_cvtsi64_si128(static_cast<long long>(word));
  }
  static std::uint32_t Reduce(Chunk chunk, Piece piece) {
    const Piece sum = Add(chunk, piece);
    const std::uint64_t state =
        Divide(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(sum)));
    return static_cast<std::uint32_t>(
        Divide(state, static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1))));
  }
};

}  // namespace

std::uint32_t ExtendSse42(std::uint32_t crc, const void* data,
                          std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(data), size);
}

std::uint32_t ExtendCopySse42(std::uint32_t crc, void* to, const void* from,
                              std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(from, to), size);
}

}  // namespace fastckpt::internal::crc32c

#endif
