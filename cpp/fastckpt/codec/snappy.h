// Snappy: decodes one raw block (no framing), as table blocks hold it.
//
//   block    = varint32 decoded size, element*
//   element  = tag, 0 to 4 bytes of length or offset, literal bytes
//
//   tag bits 0-1   element                   length          offset
//   00             literal                   1 .. 2^32       -
//   01             copy, 1-byte offset       4 .. 11         11 bits
//   10             copy, 2-byte offset       1 .. 64         16 bits
//   11             copy, 4-byte offset       1 .. 64         32 bits
//
// A copy repeats bytes that lie `offset` before the end of what is decoded so
// far; with an offset below its length it repeats its own output. Nothing is
// assumed about the encoder: offsets may reach back to the start of the block.
//
// Source: google/snappy, format_description.txt.
// Thread-safety: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// Gives the size that `stored` decodes to, from its first bytes alone. It is
// bounded by the size of `stored` (some 22 times), so that it may be allocated.
//
// Raises: corruption where the size is cut, exceeds 32 bits or is more than
//         any Snappy stream of this length decodes to.
std::size_t SnappyDecodedSize(ByteView stored);

// Decodes `stored` into `decoded`, all of it, and touches no other byte.
//
// Args:   decoded: SnappyDecodedSize(stored) bytes, not overlapping `stored`.
// Raises: corruption where the elements break the format or do not give
//         exactly that many bytes; `decoded` then holds anything.
void DecodeSnappy(ByteView stored, std::span<std::uint8_t> decoded);

}  // namespace fastckpt::internal
