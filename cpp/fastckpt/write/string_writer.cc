#include "fastckpt/write/string_writer.h"

#include <string>
#include <string_view>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kChecksumSize = 4;
// Sizes go out in pieces of about this many bytes.
constexpr std::size_t kPiece = 4096;

}  // namespace

std::uint64_t StoredSize(const StringValues& values) {
  std::uint64_t size = kChecksumSize;
  for (const std::string_view value : values) {
    size += VarintSize(value.size()) + value.size();
  }
  return size;
}

std::uint32_t WriteStrings(const StringValues& values,
                           const std::function<void(ByteView)>& put) {
  std::uint32_t crc = 0;
  std::string head;
  for (const std::string_view value : values) {
    crc = ExtendCrc32cSize(crc, value.size(), /*big_endian=*/false);
    PutVarint64(&head, value.size());
    if (head.size() < kPiece) continue;
    put(AsBytes(head));
    head.clear();
  }
  std::string checksum;
  PutFixed32(&checksum, MaskCrc32c(crc));
  crc = ExtendCrc32c(crc, checksum.data(), checksum.size());
  put(AsBytes(head + checksum));
  for (const std::string_view value : values) {
    crc = ExtendCrc32c(crc, value.data(), value.size());
    put(AsBytes(value));
  }
  return crc;
}

}  // namespace fastckpt::internal
