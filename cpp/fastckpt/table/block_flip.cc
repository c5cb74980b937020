#include "fastckpt/table/block_flip.h"

#include <bit>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/table/table_format.h"

namespace fastckpt::internal {

std::vector<BitPlace> FindBlockFlips(ByteView block_and_trailer) {
  const std::size_t size = block_and_trailer.size() - kTrailerSize;
  const ByteView stored = block_and_trailer.first(size);
  const std::uint8_t kind = block_and_trailer[size];
  const auto masked =
      LoadLittle<std::uint32_t>(block_and_trailer.data() + size + 1);
  const std::uint32_t computed = MaskedBlockCrc(stored, kind);
  std::vector<BitPlace> places;
  if (computed == masked) return places;
  // The kind byte is the last of the message.
  if (auto place = FindFlippedBit(UnmaskCrc32c(computed) ^ UnmaskCrc32c(masked),
                                  size + 1)) {
    places.push_back(*place);
  }
  const std::uint32_t change = computed ^ masked;
  if (std::has_single_bit(change)) {
    const auto bit = static_cast<unsigned>(std::countr_zero(change));
    places.push_back({size + 1 + bit / 8, bit % 8});
  }
  return places;
}

std::string FlipBit(ByteView block_and_trailer, const BitPlace& place) {
  std::string bytes(AsText(block_and_trailer));
  char& byte = bytes[static_cast<std::size_t>(place.byte)];
  byte = static_cast<char>(byte ^ (1 << place.bit));
  return bytes;
}

std::string DescribeFlip(const BitPlace& place, std::size_t size) {
  std::string text = "bit " + std::to_string(place.bit) + " of ";
  const std::size_t kind = size - kTrailerSize;
  if (place.byte == kind) return text + "its kind byte";
  if (place.byte > kind) return text + "its stored checksum";
  return text + "byte " + std::to_string(place.byte) + " of its contents";
}

}  // namespace fastckpt::internal
