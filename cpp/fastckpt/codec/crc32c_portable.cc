// CRC32C for every processor: tables that take 16 bytes per step.
//
// kTables[k][b] is the state that byte b leaves when k zero bytes follow it, so
// 16 look-ups that do not wait for one another replace 16 that do.
// Source: Kounavis and Berry, "A Systematic Approach to Building High
// Performance Software-Based CRC Generators" (slicing).
#include <cstring>

#include "fastckpt/base/bytes.h"
#include "fastckpt/codec/crc32c_internal.h"

namespace fastckpt::internal::crc32c {
namespace {

constexpr std::size_t kSlices = 16;

struct Tables {
  std::uint32_t of[kSlices][256];
};

consteval Tables MakeTables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t state = byte;
    for (int bit = 0; bit < 8; ++bit) {
      state = (state >> 1) ^ ((state & 1) != 0 ? kPolynomial : 0);
    }
    tables.of[0][byte] = state;
  }
  for (std::size_t k = 1; k < kSlices; ++k) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables.of[k - 1][byte];
      tables.of[k][byte] = (before >> 8) ^ tables.of[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

// Gives what the four bytes of `word` leave when `zeros` bytes follow them.
std::uint32_t LookUp(std::uint32_t word, std::size_t zeros) {
  return kTables.of[zeros + 3][word & 0xff] ^
         kTables.of[zeros + 2][(word >> 8) & 0xff] ^
         kTables.of[zeros + 1][(word >> 16) & 0xff] ^
         kTables.of[zeros][word >> 24];
}

}  // namespace

std::uint32_t ExtendPortable(std::uint32_t crc, const void* data,
                             std::size_t size) {
  const auto* from = static_cast<const std::uint8_t*>(data);
  std::uint32_t state = ~crc;
  for (; size >= kSlices; size -= kSlices, from += kSlices) {
    state = LookUp(LoadLittle<std::uint32_t>(from) ^ state, 12) ^
            LookUp(LoadLittle<std::uint32_t>(from + 4), 8) ^
            LookUp(LoadLittle<std::uint32_t>(from + 8), 4) ^
            LookUp(LoadLittle<std::uint32_t>(from + 12), 0);
  }
  for (; size > 0; --size, ++from) {
    state = (state >> 8) ^ kTables.of[0][(state ^ *from) & 0xff];
  }
  return ~state;
}

// A piece that was just copied still lies in the first-level cache.
std::uint32_t ExtendCopyPortable(std::uint32_t crc, void* to, const void* from,
                                 std::size_t size) {
  constexpr std::size_t kPiece = 4096;
  auto* target = static_cast<std::uint8_t*>(to);
  const auto* source = static_cast<const std::uint8_t*>(from);
  while (size > 0) {
    const std::size_t piece = size < kPiece ? size : kPiece;
    std::memcpy(target, source, piece);
    crc = ExtendPortable(crc, target, piece);
    target += piece;
    source += piece;
    size -= piece;
  }
  return crc;
}

}  // namespace fastckpt::internal::crc32c
