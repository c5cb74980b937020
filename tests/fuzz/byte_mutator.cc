#include "byte_mutator.h"

#include <algorithm>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kMaxPiece = 32;

// Reads what stands between the quotes of a dictionary's line.
std::string Unescape(std::string_view text) {
  std::string word;
  while (!text.empty()) {
    if (text.substr(0, 2) == "\\x" && text.size() >= 4) {
      const std::string digits(text.substr(2, 2));
      word.push_back(static_cast<char>(std::stoi(digits, nullptr, 16)));
      text.remove_prefix(4);
      continue;
    }
    if (text[0] == '\\' && text.size() > 1) text.remove_prefix(1);
    word.push_back(text[0]);
    text.remove_prefix(1);
  }
  return word;
}

}  // namespace

void ByteMutator::AddDictionary(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t begin = line.find('"');
    const std::size_t end = line.rfind('"');
    if (line.substr(0, 1) == "#" || begin == end) continue;
    words_.push_back(Unescape(line.substr(begin + 1, end - begin - 1)));
  }
}

// A number near a power of two: as varint, or as four or eight bytes.
std::string ByteMutator::Number() {
  const std::uint64_t number = (std::uint64_t{1} << Below(64)) + Below(5) - 2;
  std::string bytes;
  switch (Below(3)) {
    case 0:
      PutVarint64(&bytes, number);
      break;
    case 1:
      PutFixed32(&bytes, static_cast<std::uint32_t>(number));
      break;
    default:
      PutFixed64(&bytes, number);
      break;
  }
  return bytes;
}

std::string ByteMutator::Word() {
  return words_.empty() ? Number() : words_[Below(words_.size())];
}

std::string ByteMutator::PieceOf(const std::string& bytes) {
  return bytes.substr(PlaceIn(bytes), 1 + Below(kMaxPiece));
}

void ByteMutator::Overwrite(std::string* bytes, std::string_view piece) {
  bytes->replace(PlaceIn(*bytes), piece.size(), piece);
}

void ByteMutator::Insert(std::string* bytes, std::string_view piece) {
  bytes->insert(PlaceIn(*bytes), piece);
}

void ByteMutator::Mutate(std::string* bytes, std::size_t max_size) {
  const std::string random_byte(1, static_cast<char>(random_()));
  switch (Below(10)) {
    case 0:
    case 1:
      if (!bytes->empty()) {
        char& byte = (*bytes)[Below(bytes->size())];
        byte = static_cast<char>(byte ^ (1 << Below(8)));
      }
      break;
    case 2:
      Overwrite(bytes, random_byte);
      break;
    case 3:
      Insert(bytes, random_byte);
      break;
    case 4:
      bytes->erase(PlaceIn(*bytes), 1 + Below(kMaxPiece));
      break;
    case 5:
      Insert(bytes, PieceOf(*bytes));
      break;
    case 6:
      Overwrite(bytes, PieceOf(*bytes));
      break;
    case 7:
      Overwrite(bytes, Number());
      break;
    case 8:
      Overwrite(bytes, Word());
      break;
    default:
      Insert(bytes, Word());
      break;
  }
  if (bytes->size() > max_size) bytes->resize(max_size);
}

}  // namespace fastckpt::internal
