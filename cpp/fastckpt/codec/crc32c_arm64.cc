// CRC32C for ARMv8 with the CRC32 instructions and, best, PMULL: chunks of 16
// bytes.
#if defined(__aarch64__)

#include <arm_acle.h>
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "fastckpt/codec/crc32c_fold.h"

namespace fastckpt::internal::crc32c {
namespace {

struct Cpu {
  using Piece = uint64x2_t;
  using Chunk = uint64x2_t;
  static constexpr std::size_t kChunk = 16;
  static constexpr std::size_t kShort = 80;
  static constexpr std::size_t kMedium = 128;
  static constexpr std::size_t kFirstWords = 16;
  static constexpr std::size_t kOtherWords = 16;

  static std::uint64_t Divide(std::uint64_t state, std::uint64_t word) {
    return __crc32cd(static_cast<std::uint32_t>(state), word);
  }
  static Chunk Load(const std::uint8_t* from) {
    return vreinterpretq_u64_u8(vld1q_u8(from));
  }
  static void Store(std::uint8_t* to, Chunk chunk) {
    vst1q_u8(to, vreinterpretq_u8_u64(chunk));
  }
  static void Pin(Chunk* chunk) { asm("" : "+w"(*chunk)); }
  static Chunk LoadConstants(const std::uint64_t* pair) {
    return vld1q_u64(pair);
  }
  static Chunk Repeat(const std::uint64_t* pair) { return vld1q_u64(pair); }
  static Chunk Add(Chunk a, Chunk b) { return veorq_u64(a, b); }
  static Chunk Multiply(std::uint64_t a, std::uint64_t b) {
    return vreinterpretq_u64_p128(vmull_p64(a, b));
  }
  static Chunk Fold(Chunk a, Chunk constants, Chunk b) {
    const Chunk low =
        Multiply(vgetq_lane_u64(a, 0), vgetq_lane_u64(constants, 0));
    const Chunk high = vreinterpretq_u64_p128(vmull_high_p64(
        vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(constants)));
    return Add(Add(low, b), high);
  }
  static Chunk MoveToEnd(Chunk chunk, std::size_t count) {
    return vreinterpretq_u64_u8(vqtbl1q_u8(vreinterpretq_u8_u64(chunk),
                                           vld1q_u8(&kMoves.bytes[count])));
  }
  static Piece Product(std::uint32_t a, std::uint32_t b) {
    return Multiply(a, b);
  }
  static Chunk Widen(Piece piece) { return piece; }
  static Chunk Low(std::uint64_t word) {
    return vsetq_lane_u64(word, vdupq_n_u64(0), 0);
  }
  static std::uint32_t Reduce(Chunk chunk, Piece piece) {
    const Piece sum = Add(chunk, piece);
    const std::uint64_t state = Divide(0, vgetq_lane_u64(sum, 0));
    return static_cast<std::uint32_t>(Divide(state, vgetq_lane_u64(sum, 1)));
  }
};

}  // namespace

std::uint32_t ExtendArm64(std::uint32_t crc, const void* data,
                          std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(data), size);
}

std::uint32_t ExtendCopyArm64(std::uint32_t crc, void* to, const void* from,
                              std::size_t size) {
  return ExtendByFolding(crc, Input<Cpu>(from, to), size);
}

std::uint32_t ExtendArm64Crc(std::uint32_t crc, const void* data,
                             std::size_t size) {
  return ExtendShort(crc, Input<Cpu>(data), size);
}

std::uint32_t ExtendCopyArm64Crc(std::uint32_t crc, void* to, const void* from,
                                 std::size_t size) {
  return ExtendShort(crc, Input<Cpu>(from, to), size);
}

}  // namespace fastckpt::internal::crc32c

#endif
