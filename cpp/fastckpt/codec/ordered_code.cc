#include "fastckpt/codec/ordered_code.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <utility>

namespace fastckpt::internal {
namespace {

constexpr std::uint8_t kEscapeZero = 0x00;  // 00 ff is a 00; 00 01 is the end
constexpr std::uint8_t kEscapeOnes = 0xff;  // ff 00 is an ff
constexpr std::uint8_t kZeroPartner = 0xff;
constexpr std::uint8_t kOnesPartner = 0x00;
constexpr std::uint8_t kTerminator = 0x01;

constexpr std::size_t kMaxSigned = 10;

// The length of a signed code: its n bytes hold the n bits of the header, a
// sign bit, and 7n - 1 bits of value.
std::size_t SignedSize(std::int64_t value) {
  const auto magnitude = static_cast<std::uint64_t>(value < 0 ? ~value : value);
  return static_cast<std::size_t>(std::bit_width(magnitude)) / 7 + 1;
}

// Inverts the highest `bytes.size()` bits: the header, in or out.
void FlipHeader(std::span<std::uint8_t> bytes) {
  const unsigned mask = 0xffffu << (16 - bytes.size());
  bytes[0] ^= static_cast<std::uint8_t>(mask >> 8);
  if (bytes.size() > 8) bytes[1] ^= static_cast<std::uint8_t>(mask);
}

// The length of the first run of equal bits, or 0 where it is too long. Bytes
// that are missing end the run.
std::size_t HeaderRun(ByteView bytes) {
  if (bytes.empty()) return 0;
  const unsigned second = bytes.size() > 1 ? bytes[1] : ~unsigned{bytes[0]};
  auto head =
      static_cast<std::uint16_t>(unsigned{bytes[0]} << 8 | (second & 0xff));
  if ((head & 0x8000) == 0) head = static_cast<std::uint16_t>(~head);
  const auto run = static_cast<std::size_t>(std::countl_one(head));
  return run <= kMaxSigned ? run : 0;
}

// Reads sign-extended big-endian bytes; what exceeds 64 bits is dropped.
std::int64_t LoadBigSigned(ByteView bytes) {
  std::uint64_t value = (bytes[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return static_cast<std::int64_t>(value);
}

// Takes one byte of a string's code, or its end.
bool TakeStringByte(Cursor* in, std::uint8_t* value, bool* at_end) {
  *at_end = false;
  if (!in->TakeByte(value)) return false;
  if (*value != kEscapeZero && *value != kEscapeOnes) return true;
  std::uint8_t partner = 0;
  if (!in->TakeByte(&partner)) return false;
  if (*value == kEscapeOnes) return partner == kOnesPartner;
  *at_end = partner == kTerminator;
  return *at_end || partner == kZeroPartner;
}

}  // namespace

void PutOrderedString(std::string* out, std::string_view value) {
  for (const std::uint8_t byte : AsBytes(value)) {
    out->push_back(static_cast<char>(byte));
    if (byte == kEscapeZero) out->push_back(static_cast<char>(kZeroPartner));
    if (byte == kEscapeOnes) out->push_back(static_cast<char>(kOnesPartner));
  }
  out->push_back(static_cast<char>(kEscapeZero));
  out->push_back(static_cast<char>(kTerminator));
}

void PutOrderedNumber(std::string* out, std::uint64_t value) {
  const auto size = (static_cast<std::size_t>(std::bit_width(value)) + 7) / 8;
  out->push_back(static_cast<char>(size));
  for (std::size_t left = size; left > 0; --left) {
    out->push_back(static_cast<char>(value >> (8 * (left - 1))));
  }
}

void PutOrderedSigned(std::string* out, std::int64_t value) {
  std::array<std::uint8_t, kMaxSigned> wide;
  std::int64_t rest = value;
  for (auto byte = wide.rbegin(); byte != wide.rend(); ++byte) {
    *byte = static_cast<std::uint8_t>(rest);
    rest >>= 8;
  }
  const auto code = std::span(wide).last(SignedSize(value));
  FlipHeader(code);
  out->append(AsText(code));
}

bool TakeOrderedString(Cursor* in, std::string* value) {
  Cursor look = *in;
  std::string decoded;
  bool at_end = false;
  std::uint8_t byte = 0;
  while (TakeStringByte(&look, &byte, &at_end)) {
    if (at_end) {
      *value = std::move(decoded);
      *in = look;
      return true;
    }
    decoded.push_back(static_cast<char>(byte));
  }
  return false;
}

bool TakeOrderedNumber(Cursor* in, std::uint64_t* value) {
  Cursor look = *in;
  std::uint8_t size = 0;
  ByteView bytes;
  if (!look.TakeByte(&size) || size > sizeof *value) return false;
  if (!look.TakeBytes(size, &bytes)) return false;
  if (size > 0 && bytes[0] == 0) return false;
  *value = 0;
  for (const std::uint8_t byte : bytes) *value = *value << 8 | byte;
  *in = look;
  return true;
}

bool TakeOrderedSigned(Cursor* in, std::int64_t* value) {
  Cursor look = *in;
  ByteView code;
  const std::size_t size = HeaderRun(in->rest());
  if (size == 0 || !look.TakeBytes(size, &code)) return false;
  std::array<std::uint8_t, kMaxSigned> copy;
  std::copy(code.begin(), code.end(), copy.begin());
  const auto bytes = std::span(copy).first(size);
  FlipHeader(bytes);
  const std::int64_t decoded = LoadBigSigned(bytes);
  // A value that would be written otherwise was too wide or padded.
  std::string again;
  PutOrderedSigned(&again, decoded);
  if (again != AsText(code)) return false;
  *value = decoded;
  *in = look;
  return true;
}

}  // namespace fastckpt::internal
