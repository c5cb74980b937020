#include "fastckpt/v2/string_tensor.h"

#include <algorithm>
#include <array>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kChecksumSize = 4;

void CheckEqual(std::uint32_t stored, std::uint32_t computed,
                const char* what) {
  if (stored == computed) return;
  ThrowCorruption(std::string(what) + ": stored checksum " + Hex32(stored) +
                  ", computed " + Hex32(computed) +
                  "; the file is damaged, copy it again to another place");
}

std::vector<std::uint64_t> TakeSizes(Cursor* cursor, std::uint64_t count) {
  // Each size takes a byte at least, so the claim is bounded by what is there.
  if (count > cursor->remaining()) {
    ThrowCorruption(std::to_string(count) + " strings cannot be stored in " +
                    std::to_string(cursor->remaining()) + " bytes");
  }
  std::vector<std::uint64_t> sizes(static_cast<std::size_t>(count));
  for (std::uint64_t& size : sizes) {
    if (!cursor->TakeVarint64(&size)) {
      ThrowCorruption("the sizes of the strings are cut");
    }
  }
  return sizes;
}

void CheckSum(const std::vector<std::uint64_t>& sizes, std::uint64_t left) {
  const std::uint64_t there = left;
  for (const std::uint64_t size : sizes) {
    if (size > left) {
      ThrowCorruption("the strings claim more than the " +
                      std::to_string(there) + " bytes that are stored");
    }
    left -= size;
  }
  if (left != 0) {
    ThrowCorruption(std::to_string(left) +
                    " bytes are left behind the last string");
  }
}

std::uint32_t MaskedAsStored(std::uint32_t masked, bool big_endian) {
  return big_endian ? __builtin_bswap32(masked) : masked;
}

}  // namespace

std::uint32_t ExtendCrc32cSize(std::uint32_t crc, std::uint64_t size,
                               bool big_endian) {
  const std::size_t width = size > UINT32_MAX ? 8 : 4;
  std::array<std::uint8_t, 8> fixed{};
  for (std::size_t i = 0; i < width; ++i) {
    fixed[i] = static_cast<std::uint8_t>(size >> (8 * i));
  }
  if (big_endian) std::reverse(fixed.begin(), fixed.begin() + width);
  return ExtendCrc32c(crc, fixed.data(), width);
}

namespace {

// The stored strings, with the checksum that their entry is to have if `check`.
StringElements ParseChecked(ByteView stored, std::uint64_t count,
                            bool big_endian, bool check, std::uint32_t* whole) {
  Cursor cursor(stored);
  StringElements elements;
  elements.sizes = TakeSizes(&cursor, count);
  ByteView checksum;
  if (!cursor.TakeBytes(kChecksumSize, &checksum)) {
    ThrowCorruption("the checksum of the strings' sizes is cut");
  }
  elements.bytes = cursor.rest();
  CheckSum(elements.sizes, elements.bytes.size());
  if (!check) return elements;

  std::uint32_t crc = 0;
  for (const std::uint64_t size : elements.sizes) {
    crc = ExtendCrc32cSize(crc, size, big_endian);
  }
  const auto masked = LoadLittle<std::uint32_t>(checksum.data());
  CheckEqual(UnmaskCrc32c(MaskedAsStored(masked, big_endian)), crc,
             "sizes of the strings");
  crc = ExtendCrc32c(crc, checksum.data(), checksum.size());
  *whole = ExtendCrc32c(crc, elements.bytes.data(), elements.bytes.size());
  return elements;
}

}  // namespace

StringElements ParseStrings(ByteView stored, std::uint64_t count,
                            std::uint32_t crc32c, bool big_endian, bool check) {
  std::uint32_t whole = 0;
  StringElements elements =
      ParseChecked(stored, count, big_endian, check, &whole);
  if (check) CheckEqual(crc32c, whole, "bytes of the strings");
  return elements;
}

std::uint32_t ChecksumStrings(ByteView stored, std::uint64_t count,
                              bool big_endian) {
  std::uint32_t whole = 0;
  ParseChecked(stored, count, big_endian, /*check=*/true, &whole);
  return whole;
}

void CheckVariants(ByteView stored, std::uint64_t count, std::uint32_t crc32c) {
  Cursor cursor(stored);
  std::uint32_t crc = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t size = 0;
    ByteView message;
    ByteView checksum;
    if (!cursor.TakeVarint64(&size) || !cursor.TakeBytes(size, &message) ||
        !cursor.TakeBytes(kChecksumSize, &checksum)) {
      ThrowCorruption("variant " + std::to_string(i) + " is cut");
    }
    std::array<std::uint8_t, 8> fixed{};
    for (std::size_t byte = 0; byte < fixed.size(); ++byte) {
      fixed[byte] = static_cast<std::uint8_t>(size >> (8 * byte));
    }
    crc = ExtendCrc32c(crc, fixed.data(), fixed.size());
    crc = ExtendCrc32c(crc, message.data(), message.size());
    CheckEqual(UnmaskCrc32c(LoadLittle<std::uint32_t>(checksum.data())), crc,
               "variant");
    crc = ExtendCrc32c(crc, checksum.data(), checksum.size());
  }
  if (!cursor.AtEnd()) ThrowCorruption("bytes are left behind the variants");
  CheckEqual(crc32c, crc, "variants");
}

}  // namespace fastckpt::internal
