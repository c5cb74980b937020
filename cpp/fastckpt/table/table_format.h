// Table format: block handle, block trailer, footer; read and write together.
//
//   [block][trailer] ... [metaindex block][trailer][index
//   block][trailer][footer]
//
//   trailer  type:u8  crc:u32 = mask(crc32c(stored block bytes, type byte))
//   handle   varint64 offset, varint64 size   (size without the trailer)
//   footer   metaindex handle, index handle, zeros up to 40, magic:u64
//
// Source: LevelDB doc/table_format.md; TensorFlow core/lib/io/format.cc.
#pragma once

#include <cstdint>
#include <string>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

constexpr std::size_t kFooterSize = 48;
constexpr std::size_t kTrailerSize = 5;
// TensorFlow core/lib/io/table_options / format.h: the last eight bytes.
constexpr std::uint64_t kTableMagic = 0xdb4775248b80fb57;

enum class BlockType : std::uint8_t { kRaw = 0, kSnappy = 1 };

struct BlockHandle {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend bool operator==(const BlockHandle&, const BlockHandle&) = default;
};

struct Footer {
  BlockHandle metaindex;
  BlockHandle index;
};

void PutHandle(std::string* out, const BlockHandle& handle);
[[nodiscard]] bool TakeHandle(Cursor* cursor, BlockHandle* handle);

// Throws Corruption unless the handle's block and trailer end before the
// footer of a file of `file_size` bytes.
void CheckHandle(const BlockHandle& handle, std::uint64_t file_size);

void PutFooter(std::string* out, const Footer& footer);

// True if the last bytes of a file end with the table's magic number.
bool HasTableMagic(ByteView tail);

// Parses the last 48 bytes of a file of `file_size` bytes and checks the index
// handle. The metaindex handle is parsed only: nobody reads that block.
Footer ReadFooter(ByteView tail, std::uint64_t file_size);

// The masked checksum of a block as its trailer stores it.
std::uint32_t MaskedBlockCrc(ByteView stored, std::uint8_t type);

void PutTrailer(std::string* out, ByteView stored, BlockType type);

// The type that a trailer of kTrailerSize bytes names; throws Unsupported for
// others.
BlockType ReadBlockType(ByteView trailer);

// Checks the trailer of kTrailerSize bytes that follows `stored` and returns
// the block's type.
BlockType ReadTrailer(ByteView stored, ByteView trailer);

}  // namespace fastckpt::internal
