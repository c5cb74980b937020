// Block flip: which single bits of a stored block explain its wrong checksum.
//
// The checksum covers contents and kind byte, so a bit of those shows in it; a
// bit of the stored checksum itself shows as that bit alone. Both may fit, by
// chance: who mends a block has to prove more than its checksum.
#pragma once

#include <string>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/codec/crc32c_flip.h"

namespace fastckpt::internal {

// The bits, counted in the block and its trailer, each of which makes the
// checksum fit when it is flipped. None if it fits as it is.
// REQUIRES: a block and the whole trailer that follows it.
std::vector<BitPlace> FindBlockFlips(ByteView block_and_trailer);

// The block and its trailer with a bit flipped.
std::string FlipBit(ByteView block_and_trailer, const BitPlace& place);

// "bit 3 of byte 17 of its contents"; of `size` bytes with the trailer.
std::string DescribeFlip(const BitPlace& place, std::size_t size);

}  // namespace fastckpt::internal
