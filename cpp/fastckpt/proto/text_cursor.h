// TextCursor: takes tokens from the text form of a message, one ahead.
//
//   # a comment, to the end of its line
//   name: "text" 'goes on'  other: [1, 2.5]; unknown { inner: ENUM }
//
// What protobuf's own parser in Python takes is taken here, for that is what
// reads state files in TensorFlow. A Take that fails throws Corruption, which
// says at which line and column.
//
// Thread-safety: one thread.
// Source: google/protobuf/text_format.py, Tokenizer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fastckpt::internal {

class TextCursor {
 public:
  // Keeps the view, not the text: UTF-8, or nearly so.
  explicit TextCursor(std::string_view text);

  // True where only blanks and comments are left.
  bool AtEnd() const { return kind_ == Kind::kEnd; }

  // Takes the token if it is this one.
  bool TryTake(std::string_view token);
  void Take(std::string_view token);
  // The one "," or ";" that may follow a field.
  void TakeSeparator();

  // The name of a field, or its number; a view of the text.
  std::string_view TakeName();
  // One literal, or several that follow each other, escapes resolved: any
  // bytes.
  std::string TakeString();
  double TakeNumber();
  // All that follows the name of a field nobody asks for. Messages are
  // followed to a depth that no real one has.
  void SkipContents();

  // Throws Corruption: this was expected here, and what was found.
  [[noreturn]] void Fail(std::string_view expected) const;

 private:
  enum class Kind { kEnd, kName, kNumber, kString, kSign };

  void Advance();
  void SkipBlanks();
  std::size_t MatchString() const;
  bool IsName() const;
  std::string TakeLiteral();
  void SkipContents(int depth);
  void SkipMessage(int depth);
  void SkipList(int depth);
  void SkipScalar();
  void SkipInnerName();

  std::string_view text_;
  std::size_t end_ = 0;  // of the token
  std::string_view token_;
  Kind kind_ = Kind::kEnd;
};

}  // namespace fastckpt::internal
