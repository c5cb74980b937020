#include "fastckpt/proto/fields.h"

#include <array>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

// As deep as protobuf's own parsers go.
constexpr std::size_t kMaxGroupDepth = 100;

[[noreturn]] void ThrowAt(const Cursor& cursor, const char* what) {
  ThrowCorruption(std::string("message does not parse at its byte ") +
                  std::to_string(cursor.position()) + ": " + what);
}

}  // namespace

bool FieldReader::TakeAny(Field* field) {
  while (TakeOne(field)) {
    if (field->type != WireType::kGroupBegin) return true;
  }
  return false;
}

bool FieldReader::TakeOne(Field* field) {
  if (cursor_.AtEnd()) return false;
  TakeTag(field);
  if (field->type == WireType::kGroupEnd) {
    ThrowAt(cursor_, "stray end of group");
  }
  if (field->type == WireType::kGroupBegin) {
    SkipGroup(field->number);
  } else {
    TakeValue(field);
  }
  return true;
}

void FieldReader::TakeTag(Field* field) {
  std::uint32_t tag = 0;
  if (!cursor_.TakeVarint32(&tag)) ThrowAt(cursor_, "bad field tag");
  if ((tag & 7) > 5) ThrowAt(cursor_, "unknown wire type");
  field->number = tag >> 3;
  field->type = static_cast<WireType>(tag & 7);
  if (field->number == 0) ThrowAt(cursor_, "field number 0");
}

void FieldReader::TakeValue(Field* field) {
  std::uint32_t fixed32 = 0;
  bool taken = false;
  switch (field->type) {
    case WireType::kVarint:
      taken = cursor_.TakeVarint64(&field->number_value);
      break;
    case WireType::kFixed64:
      taken = cursor_.TakeFixed64(&field->number_value);
      break;
    case WireType::kFixed32:
      taken = cursor_.TakeFixed32(&fixed32);
      field->number_value = fixed32;
      break;
    case WireType::kBytes: {
      std::uint64_t size = 0;
      taken =
          cursor_.TakeVarint64(&size) && cursor_.TakeBytes(size, &field->bytes);
      break;
    }
    case WireType::kGroupBegin:
    case WireType::kGroupEnd:
      break;
  }
  if (!taken) ThrowAt(cursor_, "a field's value is cut or too long");
}

void FieldReader::SkipGroup(std::uint32_t number) {
  std::array<std::uint32_t, kMaxGroupDepth> open;
  std::size_t depth = 0;
  open[depth++] = number;
  Field inner;
  while (depth > 0) {
    if (cursor_.AtEnd()) ThrowAt(cursor_, "a group is not closed");
    TakeTag(&inner);
    if (inner.type == WireType::kGroupBegin) {
      if (depth == kMaxGroupDepth) ThrowAt(cursor_, "groups nest too deep");
      open[depth++] = inner.number;
    } else if (inner.type == WireType::kGroupEnd) {
      if (open[--depth] != inner.number) ThrowAt(cursor_, "groups overlap");
    } else {
      TakeValue(&inner);
    }
  }
}

std::int32_t ToInt32(std::uint64_t varint, std::string_view what) {
  const auto wide = static_cast<std::int64_t>(varint);
  const auto narrow = static_cast<std::int32_t>(wide);
  // 2^31..2^32-1 is how some writers spell a negative enum; refuse that too.
  if (narrow != wide) {
    ThrowCorruption(std::string(what) + " " + std::to_string(varint) +
                    " does not fit 32 bits");
  }
  return narrow;
}

void PutTag(std::string* out, std::uint32_t number, WireType type) {
  PutVarint32(out, number << 3 | static_cast<std::uint32_t>(type));
}

void PutVarintField(std::string* out, std::uint32_t number,
                    std::uint64_t value) {
  PutTag(out, number, WireType::kVarint);
  PutVarint64(out, value);
}

void PutFixed32Field(std::string* out, std::uint32_t number,
                     std::uint32_t value) {
  PutTag(out, number, WireType::kFixed32);
  PutFixed32(out, value);
}

void PutBytesField(std::string* out, std::uint32_t number,
                   std::string_view bytes) {
  PutTag(out, number, WireType::kBytes);
  PutVarint64(out, bytes.size());
  out->append(bytes);
}

}  // namespace fastckpt::internal
