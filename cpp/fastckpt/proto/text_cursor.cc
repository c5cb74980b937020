#include "fastckpt/proto/text_cursor.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/text_scalars.h"

namespace fastckpt::internal {
namespace {

// Deeper messages than this are refused, so that none can exhaust the stack.
constexpr int kMaxDepth = 100;
// How much of a token a message shows.
constexpr std::size_t kShown = 40;

constexpr std::string_view kBlanks = " \t\n\r\f\v\x1c\x1d\x1e\x1f";
// The blanks of Unicode beyond ASCII, as Python's \s has them.
constexpr std::array<std::string_view, 19> kWideBlanks = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80",
    "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84",
    "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88",
    "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9",
    "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Letters beyond ASCII, and signs there, which nobody tells apart here.
bool IsWide(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool GoesOnName(char c) {
  return IsLetter(c) || IsDigit(c) || c == '+' || c == '-';
}

bool GoesOnNumber(char c) { return GoesOnName(c) || c == '.'; }

bool BeginsNumber(std::string_view text) {
  const char c = text.front();
  if (IsDigit(c) || c == '+' || c == '-') return true;
  return c == '.' && text.size() > 1 && IsDigit(text[1]);
}

std::size_t BlankSize(std::string_view text) {
  if (kBlanks.find(text.front()) != std::string_view::npos) return 1;
  if (!IsWide(text.front())) return 0;
  for (const std::string_view blank : kWideBlanks) {
    if (text.starts_with(blank)) return blank.size();
  }
  return 0;
}

template <typename Predicate>
std::size_t CountWhile(std::string_view text, Predicate&& goes_on) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, goes_on) -
                                  text.begin());
}

// "a.a.a/a.a" or "a.a", where an "a" stands for a word.
bool IsExtensionShape(std::string_view shape) {
  if (const std::size_t slash = shape.find('/');
      slash != std::string_view::npos) {
    if (shape.substr(0, slash) != "a.a.a") return false;
    shape.remove_prefix(slash + 1);
  }
  if (shape.size() % 2 == 0) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != (i % 2 == 0 ? 'a' : '.')) return false;
  }
  return true;
}

}  // namespace

TextCursor::TextCursor(std::string_view text) : text_(text) { Advance(); }

void TextCursor::SkipBlanks() {
  while (end_ < text_.size()) {
    if (const std::size_t size = BlankSize(text_.substr(end_))) {
      end_ += size;
    } else if (text_[end_] == '#') {
      end_ = std::min(text_.find('\n', end_), text_.size());
    } else {
      return;
    }
  }
}

// The size of the string literal that begins here; 0 if it does not end.
std::size_t TextCursor::MatchString() const {
  const std::string_view rest = text_.substr(end_);
  for (std::size_t i = 1; i < rest.size() && rest[i] != '\n'; ++i) {
    if (rest[i] == rest.front()) return i + 1;
    if (rest[i] != '\\') continue;
    if (++i < rest.size() && rest[i] == '\n') return 0;
  }
  return 0;
}

void TextCursor::Advance() {
  SkipBlanks();
  const std::string_view rest = text_.substr(end_);
  std::size_t size = 0;
  if (rest.empty()) {
    kind_ = Kind::kEnd;
  } else if (IsLetter(rest.front())) {
    kind_ = Kind::kName;
    size = CountWhile(rest, GoesOnName);
  } else if (BeginsNumber(rest)) {
    kind_ = Kind::kNumber;
    size = CountWhile(rest, GoesOnNumber);
  } else {
    const bool is_quote = rest.front() == '"' || rest.front() == '\'';
    size = is_quote ? MatchString() : 0;
    kind_ = size > 0 ? Kind::kString : Kind::kSign;
    if (size == 0) size = 1 + CountWhile(rest.substr(1), IsContinuation);
  }
  token_ = rest.substr(0, size);
  end_ += size;
}

void TextCursor::Fail(std::string_view expected) const {
  const std::string_view before = text_.substr(0, end_ - token_.size());
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column =
      1 + std::ranges::count_if(before.substr(begin),
                                [](char c) { return !IsContinuation(c); });
  const std::string found =
      AtEnd() ? "the end" : Quote(token_.substr(0, kShown));
  std::string message = "line ";
  message.append(std::to_string(line)).append(", column ");
  message.append(std::to_string(column)).append(": expected ");
  message.append(expected).append(", found ").append(found);
  ThrowCorruption(std::move(message));
}

bool TextCursor::TryTake(std::string_view token) {
  if (AtEnd() || token_ != token) return false;
  Advance();
  return true;
}

void TextCursor::Take(std::string_view token) {
  if (!TryTake(token)) Fail(Quote(token));
}

void TextCursor::TakeSeparator() {
  if (!TryTake(",")) TryTake(";");
}

bool TextCursor::IsName() const {
  return !AtEnd() && (IsLetter(token_.front()) || IsWide(token_.front()));
}

std::string_view TextCursor::TakeName() {
  if (!IsName() && (AtEnd() || !IsDigit(token_.front()))) Fail("a field name");
  const std::string_view name = token_;
  Advance();
  return name;
}

std::string TextCursor::TakeString() {
  std::string text = TakeLiteral();
  while (kind_ == Kind::kString) text += TakeLiteral();
  return text;
}

std::string TextCursor::TakeLiteral() {
  if (kind_ != Kind::kString) {
    const bool is_quote = token_ == "\"" || token_ == "'";
    Fail(is_quote ? "the string's end on its line" : "a string");
  }
  std::string literal;
  try {
    literal = UnescapeText(token_.substr(1, token_.size() - 2));
  } catch (const Error& error) {
    std::string expected = "a string (";
    Fail(expected.append(error.message()).append(")"));
  }
  Advance();
  return literal;
}

double TextCursor::TakeNumber() {
  const auto value = ParseTextFloat(token_);
  if (!value) Fail("a number");
  Advance();
  return *value;
}

void TextCursor::SkipContents() { SkipContents(kMaxDepth); }

void TextCursor::SkipContents(int depth) {
  if (!TryTake(":") || token_ == "{" || token_ == "<") {
    SkipMessage(depth);
  } else if (TryTake("[")) {
    SkipList(depth);
  } else {
    SkipScalar();
  }
}

void TextCursor::SkipMessage(int depth) {
  if (depth == 0) {
    Fail("no message inside " + std::to_string(kMaxDepth) + " others");
  }
  const std::string_view close = TryTake("<") ? ">" : "}";
  if (close == "}") Take("{");
  while (token_ != ">" && token_ != "}") {
    SkipInnerName();
    SkipContents(depth - 1);
    TakeSeparator();
  }
  Take(close);
}

void TextCursor::SkipList(int depth) {
  if (TryTake("]")) return;
  while (true) {
    if (token_ == "{" || token_ == "<") {
      SkipMessage(depth);
    } else {
      SkipScalar();
    }
    if (TryTake("]")) return;
    Take(",");
  }
}

void TextCursor::SkipScalar() {
  if (kind_ == Kind::kString) {
    TakeString();
  } else if (IsName() || IsTextNumber(token_)) {
    Advance();
  } else {
    Fail("a value");
  }
}

// A field's name in a message that is skipped; an extension's is in brackets.
void TextCursor::SkipInnerName() {
  if (!TryTake("[")) {
    TakeName();
    return;
  }
  std::string shape;
  while (!AtEnd() && token_ != "]") {
    shape += IsName() ? std::string_view("a") : token_;
    Advance();
  }
  if (!IsExtensionShape(shape)) Fail("the name of an extension before it");
  Take("]");
}

}  // namespace fastckpt::internal
