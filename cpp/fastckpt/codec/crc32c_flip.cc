#include "fastckpt/codec/crc32c_flip.h"

#include "fastckpt/codec/crc32c_internal.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint64_t kMaxBytes = (std::uint64_t{1} << 28) - 64;

// One step of the division: what a bit changes, seen from one bit later.
std::uint32_t Step(std::uint32_t change) {
  return (change >> 1) ^ ((change & 1) != 0 ? crc32c::kPolynomial : 0);
}

// Of the highest bit of the last byte, which is divided last.
std::uint32_t FirstChange() {
  std::uint32_t change = 0x80;
  for (int i = 0; i < 8; ++i) change = Step(change);
  return change;
}

}  // namespace

std::optional<BitPlace> FindFlippedBit(std::uint32_t difference,
                                       std::uint64_t size) {
  if (difference == 0 || size > kMaxBytes) return std::nullopt;
  std::uint32_t change = FirstChange();
  for (std::uint64_t byte = size; byte-- > 0;) {
    for (unsigned bit = 8; bit-- > 0;) {
      if (change == difference) return BitPlace{byte, bit};
      change = Step(change);
    }
  }
  return std::nullopt;
}

std::vector<std::uint32_t> ListBitChanges(std::uint64_t size) {
  std::vector<std::uint32_t> changes(static_cast<std::size_t>(8 * size));
  std::uint32_t change = FirstChange();
  for (std::uint32_t& each : changes) {
    each = change;
    change = Step(change);
  }
  return changes;
}

}  // namespace fastckpt::internal
