// CRC32C flip: which single bit of a message explains a wrong checksum.
//
// The checksum is linear: a flipped bit changes it by an amount that depends on
// the bit's distance from the end alone. Up to 2^31 - 33 bits all these amounts
// differ, and any two messages with one checksum differ in four bits at least:
// so one flipped bit is found for certain, and two never look like one.
//
// Source: Koopman, 32-Bit Cyclic Redundancy Codes for Internet Applications
// (2002), for the distance of this polynomial.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace fastckpt::internal {

// Bit 0 of a byte is its lowest.
struct BitPlace {
  std::uint64_t byte = 0;
  unsigned bit = 0;

  friend bool operator==(const BitPlace&, const BitPlace&) = default;
};

// The bit of a message of `size` bytes which, flipped, changes its checksum by
// `difference` (one checksum xor the other); nothing if none does, or if the
// message is too long for such a bit to be the only one.
std::optional<BitPlace> FindFlippedBit(std::uint32_t difference,
                                       std::uint64_t size);

// By what each bit of a message of `size` bytes changes its checksum: the
// highest bit of the last byte first, the lowest of the first byte last.
std::vector<std::uint32_t> ListBitChanges(std::uint64_t size);

}  // namespace fastckpt::internal
