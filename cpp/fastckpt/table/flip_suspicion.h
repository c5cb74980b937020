// Flip suspicion: whether a bit of a damaged block may be one of those that
// were flipped.
//
// It may if its flip explains the wrong checksum, alone or with that of one
// other bit, in a small block of two others. So of a block in which no more
// bits were flipped every one that was is suspected; few others are, by chance:
// in a block of n bytes one bit in 2^29 / n.
#pragma once

#include <cstdint>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/codec/crc32c_flip.h"

namespace fastckpt::internal {

class FlipSuspicion {
 public:
  // Blocks of more than some MB have none: nothing is suspected.
  // REQUIRES: a block and the whole trailer that follows it.
  explicit FlipSuspicion(ByteView block_and_trailer);

  // REQUIRES: a bit of the contents or the kind byte.
  bool MayBeFlipped(const BitPlace& place) const;

  // Of small blocks pairs of other bits are tried, which takes its time.
  bool is_quick() const { return !is_small_; }

 private:
  bool IsChange(std::uint32_t difference) const;
  bool AreTwoChanges(std::uint32_t difference) const;

  std::uint64_t size_;  // of the message: contents and kind
  bool is_small_ = false;
  std::vector<std::uint32_t> changes_;  // by each bit, the last byte's first
  std::vector<std::uint32_t> sorted_;
  std::vector<bool> likely_;  // by the lower bits of a change
  std::uint32_t difference_ = 0;
  std::vector<std::uint32_t> others_;  // with a bit of the checksum flipped
};

}  // namespace fastckpt::internal
