#include "fastckpt/table/table_format.h"

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kMagicSize = 8;
// A block holds at least its restart count.
constexpr std::uint64_t kMinBlockSize = 4;

std::string Describe(const BlockHandle& handle) {
  return "block at offset " + std::to_string(handle.offset) + ", size " +
         std::to_string(handle.size);
}

}  // namespace

void PutHandle(std::string* out, const BlockHandle& handle) {
  PutVarint64(out, handle.offset);
  PutVarint64(out, handle.size);
}

bool TakeHandle(Cursor* cursor, BlockHandle* handle) {
  Cursor trial = *cursor;
  if (!trial.TakeVarint64(&handle->offset)) return false;
  if (!trial.TakeVarint64(&handle->size)) return false;
  *cursor = trial;
  return true;
}

void CheckHandle(const BlockHandle& handle, std::uint64_t file_size) {
  constexpr std::uint64_t kAround = kFooterSize + kTrailerSize;
  if (handle.size < kMinBlockSize) {
    ThrowCorruption(Describe(handle) + ": no block is that small");
  }
  if (file_size < kAround ||
      !FitsWithin(handle.offset, handle.size, file_size - kAround)) {
    ThrowCorruption(
        Describe(handle) + " does not fit a file of " +
        std::to_string(file_size) +
        " bytes; the file is cut or damaged, copy it again to another place");
  }
}

void PutFooter(std::string* out, const Footer& footer) {
  const std::size_t begin = out->size();
  PutHandle(out, footer.metaindex);
  PutHandle(out, footer.index);
  out->resize(begin + kFooterSize - kMagicSize, '\0');
  PutFixed64(out, kTableMagic);
}

bool HasTableMagic(ByteView tail) {
  return tail.size() >= kMagicSize &&
         LoadLittle<std::uint64_t>(tail.last(kMagicSize).data()) == kTableMagic;
}

Footer ReadFooter(ByteView tail, std::uint64_t file_size) {
  if (tail.size() < kFooterSize) {
    ThrowCorruption("file of " + std::to_string(file_size) +
                    " bytes is too short to be a table, which ends with a "
                    "footer of 48; it is cut or no checkpoint");
  }
  tail = tail.last(kFooterSize);
  if (!HasTableMagic(tail)) {
    ThrowCorruption(
        "the last 8 bytes are not a table's magic number; the file "
        "is cut, damaged or no checkpoint");
  }
  Footer footer;
  Cursor cursor(tail.first(kFooterSize - kMagicSize));
  if (!TakeHandle(&cursor, &footer.metaindex) ||
      !TakeHandle(&cursor, &footer.index)) {
    ThrowCorruption("the footer's block handles do not parse",
                    Where{{}, file_size - kFooterSize, {}});
  }
  CheckHandle(footer.index, file_size);
  return footer;
}

std::uint32_t MaskedBlockCrc(ByteView stored, std::uint8_t type) {
  return MaskCrc32c(ExtendCrc32c(Crc32c(stored), &type, 1));
}

void PutTrailer(std::string* out, ByteView stored, BlockType type) {
  const auto byte = static_cast<std::uint8_t>(type);
  out->push_back(static_cast<char>(byte));
  PutFixed32(out, MaskedBlockCrc(stored, byte));
}

BlockType ReadBlockType(ByteView trailer) {
  const std::uint8_t type = trailer.front();
  if (type > static_cast<std::uint8_t>(BlockType::kSnappy)) {
    ThrowUnsupported("block type " + std::to_string(type) +
                     " is neither raw (0) nor Snappy (1)");
  }
  return static_cast<BlockType>(type);
}

BlockType ReadTrailer(ByteView stored, ByteView trailer) {
  const std::uint8_t type = trailer.front();
  const auto masked = LoadLittle<std::uint32_t>(trailer.data() + 1);
  const std::uint32_t computed = MaskedBlockCrc(stored, type);
  if (computed != masked) {
    ThrowCorruption("block of " + std::to_string(stored.size()) +
                    " bytes: stored checksum " + Hex32(UnmaskCrc32c(masked)) +
                    ", computed " + Hex32(UnmaskCrc32c(computed)) +
                    "; the file is damaged, copy it again to another place");
  }
  return ReadBlockType(trailer);
}

}  // namespace fastckpt::internal
