#include "fastckpt/codec/snappy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "fastckpt/base/error.h"

namespace fastckpt {
namespace {

// The element that yields most is a copy of 64 bytes from 3, 21.3 for one.
constexpr std::uint64_t kMaxExpansion = 22;

// A copy, and a literal whose length is in its tag, fits in these.
constexpr std::size_t kMaxShort = 64;
// A fast step reads a tag and then at most kMaxShort bytes.
constexpr std::size_t kInputSlack = 1 + kMaxShort;
// A fast step writes less than one 16-byte chunk behind kMaxShort bytes.
constexpr std::size_t kOutputSlack = kMaxShort + 16;

// What a tag says by itself.
struct Tag {
  std::uint8_t length;   // 0 for a literal whose length is in extra bytes
  std::uint8_t extra;    // bytes of length or offset behind the tag
  std::uint16_t offset;  // a copy's offset, less what the extra bytes give
};

constexpr Tag MakeTag(unsigned byte) {
  const unsigned high = byte >> 2;
  const auto short_length = static_cast<std::uint8_t>(high + 1);
  switch (byte & 3) {
    case 0:
      if (high < 60) return {short_length, 0, 0};
      return {0, static_cast<std::uint8_t>(high - 59), 0};
    case 1:
      return {static_cast<std::uint8_t>(4 + (high & 7)), 1,
              static_cast<std::uint16_t>((byte >> 5) << 8)};
    case 2:
      return {short_length, 2, 0};
    default:
      return {short_length, 4, 0};
  }
}

constexpr std::array<Tag, 256> kTags = [] {
  std::array<Tag, 256> tags{};
  for (unsigned byte = 0; byte < tags.size(); ++byte) {
    tags[byte] = MakeTag(byte);
  }
  return tags;
}();

// Picks as many of the four bytes behind a tag as belong to it.
constexpr std::array<std::uint32_t, 5> kExtraMasks = {0, 0xff, 0xffff, 0xffffff,
                                                      0xffffffff};

constexpr bool IsLiteral(std::uint8_t tag_byte) { return (tag_byte & 3) == 0; }

template <std::size_t kSize>
void CopyChunk(std::uint8_t* to, const std::uint8_t* from) {
  std::uint8_t chunk[kSize];
  std::memcpy(chunk, from, kSize);
  std::memcpy(to, chunk, kSize);
}

// Writes the `length` <= 64 bytes that begin `offset` before `to`, and up to
// 16 more. A chunk may overlap its source only by bytes that it need not get
// right; below 8 the distance is doubled until 8-byte chunks keep clear.
void CopyWithSlack(std::uint8_t* to, std::size_t offset, std::size_t length) {
  const std::uint8_t* from = to - offset;
  const std::uint8_t* const end = to + length;
  if (offset >= 16) {
    CopyChunk<16>(to, from);
    if (length > 16) {
      CopyChunk<16>(to + 16, from + 16);
      CopyChunk<16>(to + 32, from + 32);
      CopyChunk<16>(to + 48, from + 48);
    }
    return;
  }
  for (; offset < 8; offset *= 2) {
    CopyChunk<8>(to, from);
    to += offset;
  }
  for (; to < end; to += 8, from += 8) CopyChunk<8>(to, from);
}

// Writes exactly the `length` bytes that begin `offset` before `to`.
void CopyExactly(std::uint8_t* to, std::size_t offset, std::size_t length) {
  const std::uint8_t* const from = to - offset;
  // What is written extends the pattern, so that pieces never overlap.
  while (length > offset) {
    std::memcpy(to, from, offset);
    to += offset;
    length -= offset;
    offset *= 2;
  }
  std::memcpy(to, from, length);
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
  // Decodes elements until one is long or wrong or lies near either end, and
  // leaves that one to DecodeElement.
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
  const std::uint8_t* in = rest.data();
  const std::uint8_t* const in_limit = in + (rest.size() - kInputSlack);
  std::uint8_t* const out_begin = decoded_.data();
  std::uint8_t* out = out_begin + produced_;
  const std::uint8_t* const out_limit = out + (room - kOutputSlack);

  while (in <= in_limit && out <= out_limit) {
    const Tag tag = kTags[*in];
    if (IsLiteral(*in)) {
      if (tag.length == 0) break;
      CopyChunk<16>(out, in + 1);
      if (tag.length > 16) CopyChunk<48>(out + 16, in + 17);
      in += 1 + tag.length;
    } else {
      const std::size_t offset =
          std::size_t{tag.offset} +
          (LoadLittle<std::uint32_t>(in + 1) & kExtraMasks[tag.extra]);
      // Offset 0 becomes the largest number and is refused, too.
      if (offset - 1 >= static_cast<std::size_t>(out - out_begin)) break;
      CopyWithSlack(out, offset, tag.length);
      in += 1 + tag.extra;
    }
    out += tag.length;
  }
  ByteView consumed;
  // Never past in_limit + kInputSlack, the end of the input.
  (void)input_.TakeBytes(static_cast<std::uint64_t>(in - rest.data()),
                         &consumed);
  produced_ = static_cast<std::size_t>(out - out_begin);
}

void Decoder::DecodeElement() {
  const std::size_t at = input_.position();
  const std::uint8_t byte = input_.rest().front();
  TakeExtra(at, 1);
  const Tag tag = kTags[byte];
  const std::uint32_t extra = TakeExtra(at, tag.extra);
  if (!IsLiteral(byte)) {
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

}  // namespace fastckpt
