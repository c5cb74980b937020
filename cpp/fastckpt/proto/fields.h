// Fields: a protocol buffer message as a sequence of fields, without a schema.
//
// Plain protobuf rules: unknown fields and balanced groups are skipped, order
// is free, a known number with another wire type is an unknown field. Throws
// Corruption on field number 0, wire types 6 and 7, unbalanced groups, varints
// over 10 bytes and lengths over the end. Depth is bounded, never recursive.
//
// Source: protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

enum class WireType : std::uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kGroupBegin = 3,
  kGroupEnd = 4,
  kFixed32 = 5,
};

// One field; which member holds the value follows from `type`.
struct Field {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t number_value = 0;  // of varint, fixed32 and fixed64
  ByteView bytes;                  // kBytes

  bool Is(std::uint32_t wanted, WireType wanted_type) const {
    return number == wanted && type == wanted_type;
  }
};

// Walks over the fields of one message, which must outlive it.
class FieldReader {
 public:
  // Before its first field.
  explicit FieldReader(ByteView message) : cursor_(message) {}

  // Moves to the next field; false at the end. Groups are passed over whole.
  bool Next(Field* field) { return TakeShort(field) || TakeAny(field); }

  // The same, but a group is a field, too, of type kGroupBegin: between one
  // position() and the next lies one field, for who copies what it is told.
  bool NextOrGroup(Field* field) { return TakeShort(field) || TakeOne(field); }

  // Where in the message the next field begins.
  std::size_t position() const { return cursor_.position(); }

 private:
  bool TakeShort(Field* field);
  bool TakeAny(Field* field);
  bool TakeOne(Field* field);
  void TakeTag(Field* field);
  void TakeValue(Field* field);
  void SkipGroup(std::uint32_t number);

  Cursor cursor_;
};

// The common case: a tag in one byte, then 32 bits, or a varint of up to five
// bytes by itself or as a length. Takes nothing and returns false for all else.
// It keeps its place in a register: stores to a cursor cost twice the parsing.
inline bool FieldReader::TakeShort(Field* field) {
  const ByteView rest = cursor_.rest();
  if (rest.size() < 2 || rest[0] < 8 || rest[0] >= 0x80) return false;
  const auto type = static_cast<WireType>(rest[0] & 7);
  std::size_t size = 2;
  std::uint64_t value = rest[1];
  if (type == WireType::kFixed32) {
    size = 1 + sizeof(std::uint32_t);
    if (rest.size() < size) return false;
    value = LoadLittle<std::uint32_t>(rest.data() + 1);
  } else if (type != WireType::kVarint && type != WireType::kBytes) {
    return false;
  } else if (value >= 0x80) {
    value &= 0x7f;
    std::uint64_t byte = 0x80;
    for (unsigned shift = 7; byte >= 0x80; shift += 7) {
      if (size == rest.size() || shift > 28) return false;
      byte = rest[size++];
      value |= (byte & 0x7f) << shift;
    }
  }
  if (type == WireType::kBytes) {
    if (value > rest.size() - size) return false;
    field->bytes = rest.subspan(size, static_cast<std::size_t>(value));
    size += static_cast<std::size_t>(value);
  }
  field->number = rest[0] >> 3;
  field->type = type;
  field->number_value = value;
  cursor_.Skip(size);
  return true;
}

// An int32 or enum field: 32 bits sign-extended to 64. Throws Corruption when
// the varint holds more, where protobuf would silently drop the high bits.
std::int32_t ToInt32(std::uint64_t varint, std::string_view what);

void PutTag(std::string* out, std::uint32_t number, WireType type);
void PutVarintField(std::string* out, std::uint32_t number,
                    std::uint64_t value);
void PutFixed32Field(std::string* out, std::uint32_t number,
                     std::uint32_t value);
void PutBytesField(std::string* out, std::uint32_t number,
                   std::string_view bytes);

}  // namespace fastckpt::internal
