#include "fastckpt/codec/snappy.h"

#include <algorithm>
#include <array>
#include <string>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/snappy_copy.h"

namespace fastckpt::internal {
namespace {

using snappy::CopyExactly;
using snappy::CopyLiteral;
using snappy::CopyWithSlack;
using snappy::kInputSlack;
using snappy::kOutputSlack;

// The element that yields most is a copy of 64 bytes from 3, 21.3 for one.
constexpr std::uint64_t kMaxExpansion = 22;

// The longest literal whose length is in its tag.
constexpr unsigned kMaxTagLiteral = 60;

// The lowest two bits of a tag.
enum Kind : unsigned { kLiteral, kCopy1, kCopy2, kCopy4 };
constexpr Kind KindOf(std::uint8_t byte) { return Kind{byte & 3u}; }

// What a tag says by itself.
struct Tag {
  std::uint8_t length;   // 0 for a literal whose length is in extra bytes
  std::uint8_t extra;    // bytes of length or offset behind the tag
  std::uint16_t offset;  // a copy's offset, less what the extra bytes give
};

constexpr Tag MakeTag(std::uint8_t byte) {
  const unsigned high = byte >> 2;
  const auto short_length = static_cast<std::uint8_t>(high + 1);
  switch (KindOf(byte)) {
    case kLiteral:
      if (high < kMaxTagLiteral) return {short_length, 0, 0};
      return {0, static_cast<std::uint8_t>(high - kMaxTagLiteral + 1), 0};
    case kCopy1:
      return {static_cast<std::uint8_t>(4 + (high & 7)), 1,
              static_cast<std::uint16_t>((byte >> 5) << 8)};
    case kCopy2:
      return {short_length, 2, 0};
    default:
      return {short_length, 4, 0};
  }
}

constexpr std::array<Tag, 256> kTags = [] {
  std::array<Tag, 256> tags{};
  for (unsigned byte = 0; byte < tags.size(); ++byte) {
    tags[byte] = MakeTag(static_cast<std::uint8_t>(byte));
  }
  return tags;
}();

struct Place {
  const std::uint8_t* in;
  std::uint8_t* out;
};

// Decodes elements that begin at or before `limit`, and stops at one that is
// long or wrong or uncommon.
Place DecodeWithSlack(Place at, Place limit, const std::uint8_t* out_begin) {
  auto [in, out] = at;
  while (in <= limit.in && out <= limit.out) {
    const unsigned byte = *in;
    const unsigned kind = byte & 3;
    if (kind == kLiteral) {
      // Not from the table: it would be in the way of finding the next tag.
      const std::size_t length = (byte >> 2) + 1;
      if (length > kMaxTagLiteral) break;
      CopyLiteral(out, in + 1, length);
      in += 1 + length;
      out += length;
      continue;
    }
    if (kind == kCopy4) [[unlikely]]
      break;
    const Tag tag = kTags[byte];
    const unsigned mask = kind == kCopy1 ? 0xff : 0xffff;
    const std::size_t length = tag.length;
    const std::size_t offset =
        tag.offset + (LoadLittle<std::uint16_t>(in + 1) & mask);
    const std::size_t step = 1 + kind;
    // Offset 0 becomes the largest number and is refused, too.
    if (offset - 1 >= static_cast<std::size_t>(out - out_begin)) break;
    CopyWithSlack(out, offset, length);
    in += step;
    out += length;
  }
  return {in, out};
}

class Decoder {
 public:
  Decoder(Cursor input, std::span<std::uint8_t> decoded)
      : input_(input), decoded_(decoded) {}

  void Run() {
    while (!input_.AtEnd()) {
      DecodeFast();
      if (!input_.AtEnd()) DecodeElement();
    }
    if (produced_ != decoded_.size()) {
      Fail(input_.position(), "the input ends after " +
                                  std::to_string(produced_) + " of " +
                                  std::to_string(decoded_.size()) + " bytes");
    }
  }

 private:
  // Decodes elements far from both ends, as long as they are plain.
  void DecodeFast();
  void DecodeElement();
  void DecodeLiteral(std::size_t at, std::uint64_t length);
  void DecodeCopy(std::size_t at, std::size_t offset, std::size_t length);
  std::uint32_t TakeExtra(std::size_t at, std::size_t size);
  void CheckRoom(std::size_t at, std::uint64_t length) const;
  [[noreturn]] static void Fail(std::size_t at, const std::string& what) {
    ThrowCorruption("Snappy block, byte " + std::to_string(at) + ": " + what);
  }

  Cursor input_;
  std::span<std::uint8_t> decoded_;
  std::size_t produced_ = 0;
};

void Decoder::DecodeFast() {
  const ByteView rest = input_.rest();
  const std::size_t room = decoded_.size() - produced_;
  if (rest.size() < kInputSlack || room < kOutputSlack) return;
  std::uint8_t* const out = decoded_.data() + produced_;
  const Place reached = DecodeWithSlack(
      {rest.data(), out},
      {rest.data() + (rest.size() - kInputSlack), out + (room - kOutputSlack)},
      decoded_.data());
  // Never past the slack: an element lies within it.
  ByteView consumed;
  (void)input_.TakeBytes(static_cast<std::uint64_t>(reached.in - rest.data()),
                         &consumed);
  produced_ += static_cast<std::size_t>(reached.out - out);
}

void Decoder::DecodeElement() {
  const std::size_t at = input_.position();
  const std::uint8_t byte = input_.rest().front();
  TakeExtra(at, 1);
  const Tag tag = kTags[byte];
  const std::uint32_t extra = TakeExtra(at, tag.extra);
  if (KindOf(byte) != kLiteral) {
    DecodeCopy(at, std::size_t{tag.offset} + extra, tag.length);
  } else {
    DecodeLiteral(at, tag.length != 0 ? tag.length : std::uint64_t{extra} + 1);
  }
}

std::uint32_t Decoder::TakeExtra(std::size_t at, std::size_t size) {
  ByteView bytes;
  if (!input_.TakeBytes(size, &bytes)) {
    Fail(at, "the input ends inside a tag");
  }
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value |= std::uint32_t{bytes[i]} << (8 * i);
  }
  return value;
}

void Decoder::DecodeLiteral(std::size_t at, std::uint64_t length) {
  CheckRoom(at, length);
  ByteView literal;
  if (!input_.TakeBytes(length, &literal)) {
    Fail(at, "a literal of " + std::to_string(length) + " bytes, but " +
                 std::to_string(input_.remaining()) + " are left in the input");
  }
  std::ranges::copy(literal, decoded_.data() + produced_);
  produced_ += literal.size();
}

void Decoder::DecodeCopy(std::size_t at, std::size_t offset,
                         std::size_t length) {
  if (offset == 0 || offset > produced_) {
    Fail(at, "a copy from " + std::to_string(offset) + " bytes back, but " +
                 std::to_string(produced_) + " are decoded so far");
  }
  CheckRoom(at, length);
  CopyExactly(decoded_.data() + produced_, offset, length);
  produced_ += length;
}

void Decoder::CheckRoom(std::size_t at, std::uint64_t length) const {
  const std::size_t room = decoded_.size() - produced_;
  if (length > room) {
    Fail(at, "an element of " + std::to_string(length) + " bytes, but only " +
                 std::to_string(room) + " of the declared " +
                 std::to_string(decoded_.size()) + " are missing");
  }
}

// Takes the decoded size that opens a block.
std::size_t TakeDecodedSize(Cursor* input) {
  std::uint32_t size = 0;
  if (!input->TakeVarint32(&size)) {
    ThrowCorruption(
        "Snappy block: it does not begin with a size of at most 32 bits");
  }
  if (size / kMaxExpansion > input->remaining()) {
    ThrowCorruption("Snappy block: it declares " + std::to_string(size) +
                    " bytes, more than its " +
                    std::to_string(input->remaining()) + " can decode to");
  }
  return size;
}

}  // namespace

std::size_t SnappyDecodedSize(ByteView stored) {
  Cursor input(stored);
  return TakeDecodedSize(&input);
}

void DecodeSnappy(ByteView stored, std::span<std::uint8_t> decoded) {
  Cursor input(stored);
  const std::size_t size = TakeDecodedSize(&input);
  if (size != decoded.size()) {
    ThrowInvalid("a Snappy block of " + std::to_string(size) +
                 " bytes cannot be decoded into " +
                 std::to_string(decoded.size()));
  }
  Decoder(input, decoded).Run();
}

}  // namespace fastckpt::internal
