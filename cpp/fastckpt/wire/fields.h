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

namespace fastckpt {

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

class FieldReader {
 public:
  explicit FieldReader(ByteView message) : cursor_(message) {}

  // Moves to the next field; false at the end. Groups are passed over whole.
  bool Next(Field* field) { return TakeShort(field) || TakeAny(field); }

  // Where in the message the next field begins.
  std::size_t position() const { return cursor_.position(); }

 private:
  bool TakeShort(Field* field);
  bool TakeAny(Field* field);
  void TakeTag(Field* field);
  void TakeValue(Field* field);
  void SkipGroup(std::uint32_t number);

  Cursor cursor_;
};

// The common case: a tag in one byte, of a varint, bytes or 32 bits. Takes
// nothing and returns false for all else.
inline bool FieldReader::TakeShort(Field* field) {
  Cursor trial = cursor_;
  std::uint8_t tag = 0;
  if (!trial.TakeByte(&tag) || tag < 8 || tag >= 0x80) return false;
  const auto type = static_cast<WireType>(tag & 7);
  std::uint64_t value = 0;
  std::uint32_t fixed32 = 0;
  if (type == WireType::kFixed32) {
    if (!trial.TakeFixed32(&fixed32)) return false;
    value = fixed32;
  } else if (type == WireType::kVarint || type == WireType::kBytes) {
    if (!trial.TakeVarint64(&value)) return false;
    if (type == WireType::kBytes && !trial.TakeBytes(value, &field->bytes)) {
      return false;
    }
  } else {
    return false;
  }
  field->number = tag >> 3;
  field->type = type;
  field->number_value = value;
  cursor_ = trial;
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

}  // namespace fastckpt
