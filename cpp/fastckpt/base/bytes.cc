#include "fastckpt/base/bytes.h"

#include <algorithm>

namespace fastckpt::internal {
namespace {

constexpr std::size_t kMaxVarint32 = 5;
constexpr std::size_t kMaxVarint64 = 10;

}  // namespace

bool Cursor::TakeLongVarint64(std::uint64_t* value) {
  std::uint64_t result = 0;
  const std::size_t limit = std::min(bytes_.size(), kMaxVarint64);
  for (std::size_t i = 0; i < limit; ++i) {
    const std::uint64_t group = bytes_[i] & 0x7f;
    // The tenth byte carries one bit only.
    if (i == kMaxVarint64 - 1 && group > 1) return false;
    result |= group << (7 * i);
    if (bytes_[i] < 0x80) {
      *value = result;
      bytes_ = bytes_.subspan(i + 1);
      return true;
    }
  }
  return false;
}

bool Cursor::TakeLongVarint32(std::uint32_t* value) {
  const ByteView before = bytes_;
  std::uint64_t wide = 0;
  if (!TakeVarint64(&wide)) return false;
  if (wide > UINT32_MAX || before.size() - bytes_.size() > kMaxVarint32) {
    bytes_ = before;
    return false;
  }
  *value = static_cast<std::uint32_t>(wide);
  return true;
}

bool Cursor::TakeFixed64(std::uint64_t* value) {
  ByteView bytes;
  if (!TakeBytes(sizeof *value, &bytes)) return false;
  *value = LoadLittle<std::uint64_t>(bytes.data());
  return true;
}

void PutFixed32(std::string* out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) {
    out->push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

void PutFixed64(std::string* out, std::uint64_t value) {
  PutFixed32(out, static_cast<std::uint32_t>(value));
  PutFixed32(out, static_cast<std::uint32_t>(value >> 32));
}

void PutVarint32(std::string* out, std::uint32_t value) {
  PutVarint64(out, value);
}

void PutVarint64(std::string* out, std::uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

std::size_t VarintSize(std::uint64_t value) {
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

}  // namespace fastckpt::internal
