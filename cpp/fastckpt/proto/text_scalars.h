// Text scalars: numbers and strings as the text form of a message spells them.
//
// Source: google/protobuf/text_format.py (ParseFloat, ParseInteger),
// text_encoding.py (CUnescape).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fastckpt::internal {

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The number, spelled as Python's float() takes it, with "f" after it or not;
// nothing for what is none, octal numbers among it.
std::optional<double> ParseTextFloat(std::string_view token);

// True for numbers of either kind; whole ones may be hexadecimal or octal, and
// have to fit 64 bits.
bool IsTextNumber(std::string_view token);

// The bytes that the inside of a string literal stands for. Throws Invalid that
// names the escape which is none.
std::string UnescapeText(std::string_view inside);

}  // namespace fastckpt::internal
