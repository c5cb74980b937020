// Snappy blocks for tests: a maker, element by element, and a decoder that
// copies byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// Takes one element as the format's text has it; false where it is broken.
inline bool TakePlainly(Cursor* in, std::string* out) {
  std::uint8_t tag = 0;
  if (!in->TakeByte(&tag)) return false;
  const unsigned kind = tag & 3;
  const unsigned high = tag >> 2;
  const std::size_t extra_sizes[] = {high < 60 ? 0 : high - 59, 1, 2, 4};
  ByteView extra;
  if (!in->TakeBytes(extra_sizes[kind], &extra)) return false;
  std::uint64_t number = 0;
  for (std::size_t i = extra.size(); i > 0; --i) {
    number = number << 8 | extra[i - 1];
  }
  if (kind == 0) {
    ByteView literal;
    if (!in->TakeBytes((high < 60 ? high : number) + 1, &literal)) return false;
    out->append(AsText(literal));
    return true;
  }
  const std::size_t length = kind == 1 ? 4 + (high & 7) : 1 + high;
  const std::uint64_t offset = kind == 1 ? (high >> 3) << 8 | number : number;
  if (offset == 0 || offset > out->size()) return false;
  for (std::size_t i = 0; i < length; ++i) {
    out->push_back((*out)[out->size() - offset]);
  }
  return true;
}

// Decodes one byte after the other; nothing where the block is broken.
inline std::optional<std::string> DecodePlainly(ByteView stored) {
  Cursor in(stored);
  std::uint32_t size = 0;
  if (!in.TakeVarint32(&size)) return std::nullopt;
  std::string out;
  while (!in.AtEnd()) {
    if (out.size() > size || !TakePlainly(&in, &out)) return std::nullopt;
  }
  if (out.size() != size) return std::nullopt;
  return out;
}

// Builds a block element by element, and what it decodes to.
class BlockMaker {
 public:
  // With `length_bytes`, the length is written behind the tag.
  void PutLiteral(std::string_view bytes, unsigned length_bytes = 0) {
    const std::size_t number = bytes.size() - 1;
    const auto high = length_bytes == 0 ? number : 59 + length_bytes;
    elements_.push_back(static_cast<char>(high << 2));
    for (unsigned i = 0; i < length_bytes; ++i) {
      elements_.push_back(static_cast<char>(number >> (8 * i)));
    }
    elements_ += bytes;
    decoded_ += bytes;
  }

  // `offset_bytes` is 1 (lengths 4 to 11, offsets below 2048), 2 or 4.
  void PutCopy(std::size_t offset, std::size_t length, unsigned offset_bytes) {
    const unsigned kind = offset_bytes == 4 ? 3 : offset_bytes;
    const std::size_t high =
        kind == 1 ? (offset >> 8) << 3 | (length - 4) : length - 1;
    elements_.push_back(static_cast<char>(high << 2 | kind));
    for (unsigned i = 0; i < offset_bytes; ++i) {
      elements_.push_back(static_cast<char>(offset >> (8 * i)));
    }
    for (std::size_t i = 0; i < length; ++i) {
      decoded_.push_back(decoded_[decoded_.size() - offset]);
    }
  }

  const std::string& decoded() const { return decoded_; }
  std::string Block() const { return BlockThatClaims(decoded_.size()); }
  std::string BlockThatClaims(std::size_t size) const {
    std::string block;
    PutVarint64(&block, size);
    return block + elements_;
  }

 private:
  std::string elements_;
  std::string decoded_;
};

}  // namespace fastckpt::internal
