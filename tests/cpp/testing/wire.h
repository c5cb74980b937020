// Protocol buffer messages, written as the encoding's description has them and
// without the library's own writers: what those write is compared with this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fastckpt::internal {

class Wire {
 public:
  Wire& Varint(std::uint32_t number, std::uint64_t value) {
    Tag(number, 0);
    return Raw(value);
  }

  Wire& Fixed32(std::uint32_t number, std::uint32_t value) {
    Tag(number, 5);
    return Little(value, 4);
  }

  Wire& Fixed64(std::uint32_t number, std::uint64_t value) {
    Tag(number, 1);
    return Little(value, 8);
  }

  Wire& Bytes(std::uint32_t number, std::string_view bytes) {
    Tag(number, 2);
    Raw(bytes.size());
    bytes_ += bytes;
    return *this;
  }

  // As writers of proto3 have it: zero is left out.
  Wire& Optional(std::uint32_t number, std::uint64_t value) {
    return value == 0 ? *this : Varint(number, value);
  }

  Wire& Group(std::uint32_t number, const Wire& inside) {
    Tag(number, 3);
    bytes_ += inside.bytes_;
    return Tag(number, 4);
  }

  // A varint without a tag, as packed fields hold them; `padding` more bytes
  // than it needs.
  Wire& Raw(std::uint64_t value, unsigned padding = 0) {
    while (value >= 128 || padding > 0) {
      if (value < 128) --padding;
      bytes_ += static_cast<char>(value % 128 + 128);
      value /= 128;
    }
    bytes_ += static_cast<char>(value);
    return *this;
  }

  Wire& Little(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i, value /= 256) {
      bytes_ += static_cast<char>(value % 256);
    }
    return *this;
  }

  Wire& Tag(std::uint32_t number, std::uint32_t type) {
    return Raw(std::uint64_t{number} * 8 + type);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace fastckpt::internal
