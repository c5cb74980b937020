// Ordered code: the coding of slice keys, whose bytes sort as their values do.
//
//   string   each 00 as 00 ff, each ff as ff 00, then the terminator 00 01
//   number   a byte n (0 to 8), then n bytes big-endian without leading zeros
//   signed   n bytes (1 to 10) of the value, big-endian, sign extended; the
//            highest n bits inverted, so that n is the length of the first run
//            of equal bits and that bit is 1 for values >= 0
//
// A failed Take leaves the cursor where it was.
//
// Source: FORMAT section 5.8; TensorFlow, core/lib/strings/ordered_code.cc.
// Thread-safety: functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

void PutOrderedString(std::string* out, std::string_view value);
void PutOrderedNumber(std::string* out, std::uint64_t value);
void PutOrderedSigned(std::string* out, std::int64_t value);

// False where the terminator is missing or a 00 or ff has no legal partner.
[[nodiscard]] bool TakeOrderedString(Cursor* in, std::string* value);
// False where the bytes are cut, too many, or begin with a zero: a value has
// one code, or two keys would name one slice.
[[nodiscard]] bool TakeOrderedNumber(Cursor* in, std::uint64_t* value);
// False where the bytes are cut, exceed 64 bits, or are more than needed.
[[nodiscard]] bool TakeOrderedSigned(Cursor* in, std::int64_t* value);

}  // namespace fastckpt::internal
