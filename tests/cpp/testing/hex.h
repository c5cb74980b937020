// Bytes as hexadecimal text, the way FORMAT.md and error reports write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// Reads pairs of lower-case digits; blanks may stand between them.
inline std::string FromHex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  bool is_low = false;
  for (const char digit : text) {
    if (digit == ' ') continue;
    const auto value = static_cast<unsigned>(kDigits.find(digit));
    if (is_low) {
      const unsigned high = static_cast<unsigned char>(bytes.back());
      bytes.back() = static_cast<char>(high << 4 | value);
    } else {
      bytes.push_back(static_cast<char>(value));
    }
    is_low = !is_low;
  }
  return bytes;
}

inline std::string ToHex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace fastckpt::internal
