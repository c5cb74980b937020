// CRC32C for x86-64 with AVX2 and VPCLMULQDQ: chunks of 32 bytes.
#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "fastckpt/codec/crc32c_fold.h"

namespace fastckpt::internal::crc32c {
namespace {

struct alignas(16) Shuffle {
  std::uint8_t bytes[16];
};
// Which bytes of a piece go where: each into its own place, counted from
// `first`. A place with its high bit set becomes zero.
consteval Shuffle MakeShuffle(std::uint8_t first) {
  Shuffle shuffle{};
  for (std::uint8_t& byte : shuffle.bytes) byte = first++;
  return shuffle;
}
constexpr Shuffle kStay = MakeShuffle(0);
// With n added, places from 16 - n on become zero.
constexpr Shuffle kLeave = MakeShuffle(0x80 - 16);

struct Cpu {
  using Piece = __m128i;
  using Chunk = __m256i;
  static constexpr std::size_t kChunk = 32;
  static constexpr std::size_t kShort = 128;
  static constexpr std::size_t kMedium = 256;
  static constexpr std::size_t kFirstWords = 32;
  static constexpr std::size_t kOtherWords = 32;

  static std::uint64_t Divide(std::uint64_t state, std::uint64_t word) {
    return _mm_crc32_u64(state, word);
  }
  static Chunk Load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static void Store(void* to, Chunk chunk) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), chunk);
  }
  static void StorePastCaches(void* to, Chunk chunk) {
    _mm256_stream_si256(static_cast<__m256i*>(to), chunk);
  }
  static void EndStores() { _mm_sfence(); }
  static void Pin(Chunk* chunk) { asm("" : "+x"(*chunk)); }
  static Chunk LoadConstants(const std::uint64_t* pairs) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(pairs));
  }
  static Piece LoadPiece(const void* from) {
    return _mm_load_si128(static_cast<const __m128i*>(from));
  }
  static Chunk Repeat(const std::uint64_t* pair) {
    return _mm256_broadcastsi128_si256(LoadPiece(pair));
  }
  static Chunk Add(Chunk a, Chunk b) { return _mm256_xor_si256(a, b); }
  static Chunk Fold(Chunk a, Chunk constants, Chunk b) {
    return Add(Add(_mm256_clmulepi64_epi128(a, constants, 0x00), b),
               _mm256_clmulepi64_epi128(a, constants, 0x11));
  }
  // Bytes are shuffled within a piece only: whole pieces move first, then
  // bytes, and those that leave a piece come from the one before.
  static Chunk MoveToEnd(Chunk chunk, std::size_t count) {
    constexpr int kZeroThenLow = 0x08;
    const std::size_t distance = kChunk - count;
    const auto bytes = _mm_set1_epi8(static_cast<char>(distance % kPiece));
    const Chunk is_far = _mm256_set1_epi64x(distance < kPiece ? 0 : -1);
    const Chunk near = _mm256_blendv_epi8(
        chunk, _mm256_permute2x128_si256(chunk, chunk, kZeroThenLow), is_far);
    const Chunk before = _mm256_permute2x128_si256(near, near, kZeroThenLow);
    const Piece move = _mm_sub_epi8(LoadPiece(&kStay), bytes);
    const Piece come = _mm_add_epi8(LoadPiece(&kLeave),
                                    _mm_sub_epi8(_mm_set1_epi8(kPiece), bytes));
    return _mm256_or_si256(
        _mm256_shuffle_epi8(near, _mm256_broadcastsi128_si256(move)),
        _mm256_shuffle_epi8(before, _mm256_broadcastsi128_si256(come)));
  }
  static Piece Product(std::uint32_t a, std::uint32_t b) {
    return _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(a)),
                                _mm_cvtsi32_si128(static_cast<int>(b)), 0x00);
  }
  static Chunk Widen(Piece piece) { return _mm256_zextsi128_si256(piece); }
  static Chunk Low(std::uint64_t word) {
    return Widen(_mm_cvtsi64_si128(static_cast<long long>(word)));
  }
  static std::uint32_t Reduce(Chunk chunk, Piece piece) {
    const Piece sum =
        _mm_xor_si128(_mm_xor_si128(_mm256_castsi256_si128(chunk), piece),
                      _mm256_extracti128_si256(chunk, 1));
    const std::uint64_t state =
        Divide(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(sum)));
    return static_cast<std::uint32_t>(
        Divide(state, static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1))));
  }
};

}  // namespace

std::uint32_t ExtendAvx2(std::uint32_t crc, const void* data,
                         std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(data), size);
}

std::uint32_t ExtendCopyAvx2(std::uint32_t crc, void* to, const void* from,
                             std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(from, to), size);
}

std::uint32_t ExtendCopyPastAvx2(std::uint32_t crc, void* to, const void* from,
                                 std::size_t size) {
  return ExtendPastCaches(crc, Input<Cpu>(from, to), size);
}

}  // namespace fastckpt::internal::crc32c

#endif
