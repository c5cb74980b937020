// Bytes: views, a checked cursor, little-endian and varint coding.
//
// Nothing from a file is trusted: a Take compares with what is left before it
// moves, returns false when there is not enough, and then leaves the cursor
// where it was. Put* appends to a std::string used as a byte buffer.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace fastckpt::internal {

using ByteView = std::span<const std::uint8_t>;

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Loads and stores little-endian integers at any address.
template <typename Int>
Int LoadLittle(const void* from) {
  Int value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) {
    Int swapped = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) {
      swapped = static_cast<Int>((swapped << 8) | ((value >> (8 * i)) & 0xff));
    }
    value = swapped;
  }
  return value;
}

// True and the sum or product in `*result`, or false when it does not fit.
[[nodiscard]] inline bool CheckedAdd(std::uint64_t a, std::uint64_t b,
                                     std::uint64_t* result) {
  return !__builtin_add_overflow(a, b, result);
}
[[nodiscard]] inline bool CheckedMultiply(std::uint64_t a, std::uint64_t b,
                                          std::uint64_t* result) {
  return !__builtin_mul_overflow(a, b, result);
}

// True if [offset, offset + size) lies in [0, limit), whatever the numbers.
[[nodiscard]] inline bool FitsWithin(std::uint64_t offset, std::uint64_t size,
                                     std::uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

// A place in bytes that others own.
class Cursor {
 public:
  // At the first of them.
  explicit Cursor(ByteView bytes) : begin_(bytes.data()), bytes_(bytes) {}

  // How many bytes are left, and how many were taken.
  bool AtEnd() const { return bytes_.empty(); }
  std::size_t remaining() const { return bytes_.size(); }
  std::size_t position() const {
    return static_cast<std::size_t>(bytes_.data() - begin_);
  }
  // The bytes that are left, none of them taken.
  ByteView rest() const { return bytes_; }

  // Moves over bytes that rest() has shown to be there.
  void Skip(std::size_t size) { bytes_ = bytes_.subspan(size); }

  // Each of these takes one value; fixed ones are little-endian.
  [[nodiscard]] bool TakeByte(std::uint8_t* value);
  // At most 5 bytes and 32 bits of value; padding with 0x80 groups is accepted.
  [[nodiscard]] bool TakeVarint32(std::uint32_t* value);
  // At most 10 bytes and 64 bits of value.
  [[nodiscard]] bool TakeVarint64(std::uint64_t* value);
  [[nodiscard]] bool TakeFixed32(std::uint32_t* value);
  [[nodiscard]] bool TakeFixed64(std::uint64_t* value);
  [[nodiscard]] bool TakeBytes(std::uint64_t size, ByteView* bytes);

 private:
  bool TakeLongVarint32(std::uint32_t* value);
  bool TakeLongVarint64(std::uint64_t* value);

  const std::uint8_t* begin_;
  ByteView bytes_;
};

inline bool Cursor::TakeByte(std::uint8_t* value) {
  if (bytes_.empty()) return false;
  *value = bytes_.front();
  bytes_ = bytes_.subspan(1);
  return true;
}

inline bool Cursor::TakeVarint32(std::uint32_t* value) {
  if (!bytes_.empty() && bytes_.front() < 0x80) {
    *value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return true;
  }
  return TakeLongVarint32(value);
}

inline bool Cursor::TakeVarint64(std::uint64_t* value) {
  if (!bytes_.empty() && bytes_.front() < 0x80) {
    *value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return true;
  }
  return TakeLongVarint64(value);
}

inline bool Cursor::TakeFixed32(std::uint32_t* value) {
  if (bytes_.size() < sizeof *value) return false;
  *value = LoadLittle<std::uint32_t>(bytes_.data());
  bytes_ = bytes_.subspan(sizeof *value);
  return true;
}

inline bool Cursor::TakeBytes(std::uint64_t size, ByteView* bytes) {
  if (size > bytes_.size()) return false;
  *bytes = bytes_.first(static_cast<std::size_t>(size));
  bytes_ = bytes_.subspan(static_cast<std::size_t>(size));
  return true;
}

void PutFixed32(std::string* out, std::uint32_t value);
void PutFixed64(std::string* out, std::uint64_t value);
void PutVarint32(std::string* out, std::uint32_t value);
void PutVarint64(std::string* out, std::uint64_t value);

// How many bytes PutVarint64 appends.
std::size_t VarintSize(std::uint64_t value);

}  // namespace fastckpt::internal
