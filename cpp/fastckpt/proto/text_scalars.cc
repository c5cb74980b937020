#include "fastckpt/proto/text_scalars.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kEscapes = "abfnrtv?'\"\\";
constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v?'\"\\";

// The value of a digit of some base up to 16, or 99.
unsigned DigitValue(char c) {
  if (IsDigit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 99;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

// Takes digits, single underscores between them, and appends the digits.
bool TakeDigits(std::string_view* text, std::string* digits) {
  bool after_digit = false;
  while (!text->empty()) {
    const char c = text->front();
    const bool joins =
        c == '_' && after_digit && text->size() > 1 && IsDigit((*text)[1]);
    if (!IsDigit(c) && !joins) break;
    if (!joins) digits->push_back(c);
    after_digit = !joins;
    text->remove_prefix(1);
  }
  return after_digit;
}

bool TakeSign(std::string_view* text, std::string* plain) {
  if (text->empty() || (text->front() != '-' && text->front() != '+')) {
    return false;
  }
  if (text->front() == '-') plain->push_back('-');
  text->remove_prefix(1);
  return true;
}

// Gives a decimal number without its underscores and plus signs; empty if it
// is none.
std::string PlainDecimal(std::string_view text) {
  std::string plain;
  TakeSign(&text, &plain);
  bool has_digits = TakeDigits(&text, &plain);
  if (!text.empty() && text.front() == '.') {
    plain.push_back('.');
    text.remove_prefix(1);
    has_digits = TakeDigits(&text, &plain) || has_digits;
  }
  if (!has_digits) return {};
  if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
    plain.push_back('e');
    text.remove_prefix(1);
    TakeSign(&text, &plain);
    if (!TakeDigits(&text, &plain)) return {};
  }
  return text.empty() ? plain : std::string();
}

std::optional<double> ParseWord(std::string_view text) {
  double sign = 1;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    if (text.front() == '-') sign = -1;
    text.remove_prefix(1);
  }
  if (EqualsIgnoringCase(text, "inf") || EqualsIgnoringCase(text, "infinity")) {
    return sign * kInfinity;
  }
  if (EqualsIgnoringCase(text, "nan")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::nullopt;
}

std::optional<double> ParsePythonFloat(std::string_view text) {
  if (const auto word = ParseWord(text)) return word;
  const std::string plain = PlainDecimal(text);
  if (plain.empty()) return std::nullopt;
  double value = 0;
  const auto [end, code] =
      std::from_chars(plain.data(), plain.data() + plain.size(), value);
  // Out of range: zero or an infinity, as the exponent has it.
  if (code != std::errc()) return std::strtod(plain.c_str(), nullptr);
  return value;
}

// "-012": what protobuf takes for an octal number, and for no float.
bool BeginsOctal(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  return token.size() > 1 && token[0] == '0' && IsDigit(token[1]);
}

unsigned TakeBase(std::string_view* digits) {
  if (digits->size() < 2 || digits->front() != '0') return 10;
  const char mark = (*digits)[1];
  if (IsDigit(mark)) return 8;
  const unsigned base = mark == 'x' || mark == 'X'   ? 16
                        : mark == 'o' || mark == 'O' ? 8
                        : mark == 'b' || mark == 'B' ? 2
                                                     : 0;
  if (base != 0) digits->remove_prefix(2);
  return base;
}

bool IsTextInteger(std::string_view token) {
  const bool is_negative = token.starts_with('-');
  if (is_negative || token.starts_with('+')) token.remove_prefix(1);
  const unsigned base = TakeBase(&token);
  if (base == 0 || token.empty()) return false;
  const std::uint64_t limit = is_negative ? std::uint64_t{1} << 63 : UINT64_MAX;
  std::uint64_t value = 0;
  for (const char c : token) {
    const unsigned digit = DigitValue(c);
    if (digit >= base || value > (limit - digit) / base) return false;
    value = value * base + digit;
  }
  return true;
}

void PutUtf8(std::string* out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) {
    out->push_back(static_cast<char>(static_cast<unsigned char>(byte)));
  };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xE0 | point >> 12);
    } else {
      put(0xF0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3F));
    }
    put(0x80 | (point >> 6 & 0x3F));
  }
  put(0x80 | (point & 0x3F));
}

// Takes up to `most` digits of a base; gives how many there were.
std::size_t TakeNumber(std::string_view* text, unsigned base, std::size_t most,
                       std::uint32_t* value) {
  std::size_t count = 0;
  *value = 0;
  while (count < most && count < text->size() &&
         DigitValue((*text)[count]) < base) {
    *value = *value * base + DigitValue((*text)[count]);
    ++count;
  }
  text->remove_prefix(count);
  return count;
}

// Takes what follows "\u" or "\U": exactly so many digits of a character.
bool TakePoint(std::string_view* text, std::size_t digits, std::string* out) {
  std::string_view rest = *text;
  std::uint32_t point = 0;
  if (TakeNumber(&rest, 16, digits, &point) != digits) return false;
  if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
  PutUtf8(out, point);
  *text = rest;
  return true;
}

// Takes what follows a backslash.
bool TakeEscape(std::string_view* text, std::string* out) {
  std::uint32_t value = 0;
  if (TakeNumber(text, 8, 3, &value) > 0) {
    out->push_back(static_cast<char>(static_cast<unsigned char>(value)));
    return value < 0x100;
  }
  if (text->empty()) return false;
  const char mark = text->front();
  text->remove_prefix(1);
  if (mark == 'u' || mark == 'U') {
    return TakePoint(text, mark == 'u' ? 4 : 8, out);
  }
  if (mark == 'x') {
    if (TakeNumber(text, 16, 2, &value) == 0) return false;
    out->push_back(static_cast<char>(static_cast<unsigned char>(value)));
    return true;
  }
  const std::size_t at = kEscapes.find(mark);
  if (at == std::string_view::npos) return false;
  out->push_back(kMeanings[at]);
  return true;
}

}  // namespace

std::optional<double> ParseTextFloat(std::string_view token) {
  if (BeginsOctal(token)) return std::nullopt;
  if (const auto value = ParsePythonFloat(token)) return value;
  // Below, both would go.
  if (EqualsIgnoringCase(token, "inff")) return kInfinity;
  if (EqualsIgnoringCase(token, "-inff")) return -kInfinity;
  while (token.ends_with('f') || token.ends_with('F')) token.remove_suffix(1);
  return ParsePythonFloat(token);
}

bool IsTextNumber(std::string_view token) {
  return ParseTextFloat(token).has_value() || IsTextInteger(token);
}

std::string UnescapeText(std::string_view inside) {
  std::string bytes;
  while (!inside.empty()) {
    const std::size_t plain = std::min(inside.find('\\'), inside.size());
    bytes.append(inside.substr(0, plain));
    inside.remove_prefix(plain);
    if (inside.empty()) break;
    std::string_view rest = inside.substr(1);
    if (!TakeEscape(&rest, &bytes)) {
      const std::size_t shown = std::max<std::size_t>(
          inside.size() - rest.size(), std::min<std::size_t>(inside.size(), 2));
      ThrowInvalid(std::string(inside.substr(0, shown)) + " is no escape");
    }
    inside = rest;
  }
  return bytes;
}

}  // namespace fastckpt::internal
