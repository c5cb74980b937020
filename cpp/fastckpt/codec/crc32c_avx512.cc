// CRC32C for x86-64 with AVX-512 and VPCLMULQDQ: chunks of 64 bytes.
#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 warns about its own headers (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "fastckpt/codec/crc32c_fold.h"

namespace fastckpt::internal::crc32c {
namespace {

struct alignas(64) ByteTable {
  std::uint8_t bytes[64];
};
consteval ByteTable MakeCounting() {
  ByteTable table{};
  for (std::uint8_t i = 0; i < 64; ++i) table.bytes[i] = i;
  return table;
}
constexpr ByteTable kCounting = MakeCounting();

struct Cpu {
  using Piece = __m128i;
  using Chunk = __m512i;
  static constexpr std::size_t kChunk = 64;
  static constexpr std::size_t kShort = 80;
  static constexpr std::size_t kMedium = kMediumLimit;
  static constexpr std::size_t kFirstWords = 64;
  static constexpr std::size_t kOtherWords = 0;

  static std::uint64_t Divide(std::uint64_t state, std::uint64_t word) {
    return _mm_crc32_u64(state, word);
  }
  static Chunk Load(const std::uint8_t* from) {
    return _mm512_loadu_si512(from);
  }
  static void Store(std::uint8_t* to, Chunk chunk) {
    _mm512_storeu_si512(to, chunk);
  }
  static void StorePastCaches(void* to, Chunk chunk) {
    _mm512_stream_si512(static_cast<__m512i*>(to), chunk);
  }
  static void EndStores() { _mm_sfence(); }
  static void Pin(Chunk* chunk) { asm("" : "+v"(*chunk)); }
  static Chunk LoadConstants(const std::uint64_t* from) {
    return _mm512_load_si512(from);
  }
  static Chunk Repeat(const std::uint64_t* pair) {
    return _mm512_broadcast_i32x4(
        _mm_load_si128(reinterpret_cast<const __m128i*>(pair)));
  }
  static Chunk Add(Chunk a, Chunk b) { return _mm512_xor_si512(a, b); }
  static Chunk Fold(Chunk a, Chunk constants, Chunk b) {
    constexpr int kAddThree = 0x96;  // the truth table of a ^ b ^ c
    return _mm512_ternarylogic_epi64(
        _mm512_clmulepi64_epi128(a, constants, 0x00),
        _mm512_clmulepi64_epi128(a, constants, 0x11), b, kAddThree);
  }
  static Chunk MoveToEnd(Chunk chunk, std::size_t count) {
    const auto index =
        _mm512_add_epi8(_mm512_load_si512(&kCounting),
                        _mm512_set1_epi8(static_cast<char>(count)));
    return _mm512_maskz_permutexvar_epi8(~std::uint64_t{0} << (kChunk - count),
                                         index, chunk);
  }
  static Piece Product(std::uint32_t a, std::uint32_t b) {
    return _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(a)),
                                _mm_cvtsi32_si128(static_cast<int>(b)), 0x00);
  }
  static Chunk Widen(Piece piece) { return _mm512_zextsi128_si512(piece); }
  static Chunk Low(std::uint64_t word) {
    return Widen(_mm_cvtsi64_si128(static_cast<long long>(word)));
  }
  static std::uint32_t Reduce(Chunk chunk, Piece piece) {
    const __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(chunk),
                                          _mm512_extracti64x4_epi64(chunk, 1));
    const __m128i sum =
        _mm_xor_si128(_mm_xor_si128(_mm256_castsi256_si128(half), piece),
                      _mm256_extracti128_si256(half, 1));
    const std::uint64_t state =
        Divide(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(sum)));
    return static_cast<std::uint32_t>(
        Divide(state, static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1))));
  }
};

}  // namespace

std::uint32_t ExtendAvx512(std::uint32_t crc, const void* data,
                           std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(data), size);
}

std::uint32_t ExtendCopyAvx512(std::uint32_t crc, void* to, const void* from,
                               std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(from, to), size);
}

std::uint32_t ExtendCopyPastAvx512(std::uint32_t crc, void* to,
                                   const void* from, std::size_t size) {
  return ExtendPastCaches(crc, Input<Cpu>(from, to), size);
}

}  // namespace fastckpt::internal::crc32c

#endif
