#include "fastckpt/codec/crc32c_search.h"

#include <array>
#include <bit>
#include <cstddef>

#include "fastckpt/codec/crc32c_internal.h"

namespace fastckpt::internal {
namespace {

using Table = std::array<std::uint32_t, 256>;

// What eight steps of the division make of a byte.
constexpr Table MakeForward() {
  Table table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t state = byte;
    for (int bit = 0; bit < 8; ++bit) {
      state = (state >> 1) ^ ((state & 1) != 0 ? crc32c::kPolynomial : 0);
    }
    table[byte] = state;
  }
  return table;
}

// The state before a byte 0, by the highest byte of the state after it: the
// highest bytes of the forward table are all different.
constexpr Table MakeBackward() {
  constexpr Table kForward = MakeForward();
  Table table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    table[kForward[byte] >> 24] = (kForward[byte] << 8) | byte;
  }
  return table;
}

constexpr Table kBackward = MakeBackward();

std::uint32_t StepBack(std::uint32_t state) {
  return (state << 8) ^ kBackward[state >> 24];
}

}  // namespace

std::optional<std::uint64_t> FindWrongByte(std::uint32_t difference,
                                           std::uint64_t size) {
  if (difference == 0 || size > kMaxWrongBitInput) return std::nullopt;
  std::optional<std::uint64_t> found;
  bool is_alone = size <= kMaxWrongByteInput;
  std::uint32_t state = difference;
  for (std::uint64_t offset = size; offset-- > 0;) {
    state = StepBack(state);  // what the byte here must have too much
    if (state > 0xff) continue;
    if (std::has_single_bit(state)) return offset;
    if (found) is_alone = false;
    found = offset;
  }
  return is_alone ? found : std::nullopt;
}

}  // namespace fastckpt::internal
