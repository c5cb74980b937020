#include "fastckpt/table/block_scan.h"

#include <algorithm>
#include <optional>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/codec/snappy.h"
#include "fastckpt/table/block_flip.h"
#include "fastckpt/table/block_reader.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kMinBlock = 8;  // one restart and their count
// How often a file may be gone over, all guesses together.
constexpr std::uint64_t kPasses = 16;
constexpr std::uint64_t kLook = std::uint64_t{1} << 20;
constexpr std::uint64_t kFreeWork = std::uint64_t{16} << 20;

using Handles = std::vector<BlockHandle>;

ByteView WithTrailer(ByteView file, const BlockHandle& handle) {
  return file.subspan(static_cast<std::size_t>(handle.offset),
                      static_cast<std::size_t>(handle.size) + kTrailerSize);
}

// What an index block names, if all its values are handles of this file.
std::optional<Handles> ReadHandles(ByteView contents, std::uint64_t file_size) {
  Handles handles;
  BlockReader reader(contents);
  while (reader.Next()) {
    BlockHandle handle;
    Cursor cursor(reader.value());
    if (!TakeHandle(&cursor, &handle) || !cursor.AtEnd()) return std::nullopt;
    CheckHandle(handle, file_size);
    handles.push_back(handle);
  }
  return handles;
}

// True if blocks lie end to end from the first byte to `end`.
bool AreEndToEnd(const Handles& handles, std::uint64_t end) {
  std::uint64_t next = 0;
  for (const BlockHandle& handle : handles) {
    if (handle.offset != next) return false;
    next += handle.size + kTrailerSize;
  }
  return !handles.empty() && next == end;
}

// The handles of an index block which one flipped bit may have damaged.
std::optional<Handles> MendIndex(ByteView file, const Footer& footer) {
  const ByteView bytes = WithTrailer(file, footer.index);
  std::optional<Handles> found;
  for (const BitPlace& place : FindBlockFlips(bytes)) {
    const std::string mended = FlipBit(bytes, place);
    Scratch scratch;
    std::optional<Handles> handles;
    try {
      handles = ReadHandles(OpenBlock(AsBytes(mended), &scratch), file.size());
    } catch (const Error&) {
      continue;
    }
    if (!handles || !AreEndToEnd(*handles, footer.metaindex.offset)) continue;
    if (found && *found != *handles) return std::nullopt;
    found = std::move(handles);
  }
  return found;
}

class Scanner {
 public:
  Scanner(ByteView file, const Interrupt& interrupted)
      : file_(file),
        interrupted_(interrupted),
        work_(file.size() * kPasses + kFreeWork) {}

  ScannedTable Run() {
    if (!FindByIndex()) FindByTrailers();
    return std::move(table_);
  }

 private:
  bool FindByIndex() {
    std::optional<Handles> handles;
    try {
      const std::size_t tail = std::min(file_.size(), kFooterSize);
      const Footer footer = ReadFooter(file_.last(tail), file_.size());
      const ByteView block = WithTrailer(file_, footer.index);
      Scratch scratch;
      if (FindBlockFlips(block).empty()) {
        handles = ReadHandles(OpenBlock(block, &scratch), file_.size());
      } else {
        handles = MendIndex(file_, footer);
        table_.how = "the table's own index, mended by one flipped bit";
      }
    } catch (const Error&) {
    }
    if (!handles || !AreApart(*handles)) return false;
    for (const BlockHandle& handle : *handles) {
      table_.blocks.push_back({handle, IsSoundBlock(WithTrailer(file_, handle)),
                               /*has_end=*/true});
    }
    table_.is_whole = true;
    return true;
  }

  // Blocks that are named in another order, or twice, are no writer's.
  static bool AreApart(const Handles& handles) {
    std::uint64_t end = 0;
    for (const BlockHandle& handle : handles) {
      if (handle.offset < end) return false;
      end = handle.offset + handle.size + kTrailerSize;
    }
    return true;
  }

  void FindByTrailers() {
    table_.how = "a scan of the file for its blocks";
    std::size_t begin = 0;
    while (file_.size() - begin >= kMinBlock) {
      if (const auto end = FindSoundEnd(begin)) {
        Add(begin, *end);
        begin = *end + kTrailerSize;
      } else if (const auto guess = GuessEnd(begin)) {
        table_.blocks.push_back(
            {{begin, *guess - begin}, /*is_sound=*/false, /*has_end=*/true});
        begin = *guess + kTrailerSize;
      } else {
        if (!IsFooter(begin) && !saw_end_) AddRest(begin);
        return;
      }
    }
  }

  void AddRest(std::size_t begin) {
    table_.is_whole = false;
    table_.blocks.push_back({{begin, file_.size() - begin},
                             /*is_sound=*/false,
                             /*has_end=*/false});
  }

  bool IsFooter(std::size_t begin) const {
    return file_.size() - begin == kFooterSize;
  }

  // The metaindex, which has no entries, and the table's index are no blocks of
  // entries; where one is, all blocks of entries lie before.
  void Add(std::size_t begin, std::size_t end) {
    const BlockHandle handle{begin, end - begin};
    Scratch scratch;
    const ByteView contents = OpenBlock(WithTrailer(file_, handle), &scratch);
    if (!BlockReader(contents).Next() || IsIndex(contents)) {
      saw_end_ = true;
      table_.is_whole = true;
      return;
    }
    table_.blocks.push_back({handle, /*is_sound=*/true, /*has_end=*/true});
  }

  bool IsIndex(ByteView contents) const {
    try {
      const auto handles = ReadHandles(contents, file_.size());
      return handles &&
             std::any_of(handles->begin(), handles->end(),
                         [&](const auto& it) { return IsKnown(it); });
    } catch (const Error&) {
      return false;
    }
  }

  // Blocks are in the order in which they lie.
  bool IsKnown(const BlockHandle& handle) const {
    const auto found = std::lower_bound(
        table_.blocks.begin(), table_.blocks.end(), handle.offset,
        [](const ScannedBlock& block, std::uint64_t offset) {
          return block.handle.offset < offset;
        });
    return found != table_.blocks.end() &&
           found->handle.offset == handle.offset;
  }

  // Where the block that begins here ends, if it is sound.
  std::optional<std::size_t> FindSoundEnd(std::size_t begin) {
    std::uint32_t crc = 0;
    for (std::size_t end = begin; file_.size() - end >= kTrailerSize; ++end) {
      if (work_ == 0) return std::nullopt;
      --work_;
      Look();
      if (end - begin >= kMinBlock && MayEnd(end, crc)) {
        const ByteView block = file_.subspan(begin, end - begin + kTrailerSize);
        work_ -= std::min(work_, CostOf(block));
        if (work_ == 0) return std::nullopt;
        if (IsSoundBlock(block)) return end;
      }
      crc = ExtendCrc32c(crc, file_.data() + end, 1);
    }
    return std::nullopt;
  }

  // Checksums are no secret: many ends may be made to look right.
  static std::uint64_t CostOf(ByteView bytes) {
    const std::size_t size = bytes.size() - kTrailerSize;
    if (bytes[size] != static_cast<std::uint8_t>(BlockType::kSnappy))
      return size;
    try {
      return size + SnappyDecodedSize(bytes.first(size));
    } catch (const Error&) {
      return size;
    }
  }

  bool MayEnd(std::size_t end, std::uint32_t crc) const {
    const std::uint8_t* trailer = file_.data() + end;
    return *trailer <= static_cast<std::uint8_t>(BlockType::kSnappy) &&
           MaskCrc32c(ExtendCrc32c(crc, trailer, 1)) ==
               LoadLittle<std::uint32_t>(trailer + 1);
  }

  // Where a damaged block that begins here may end: so that what follows is
  // sound.
  std::optional<std::size_t> GuessEnd(std::size_t begin) {
    for (std::size_t end = begin + kMinBlock;
         end < file_.size() && file_.size() - end >= kTrailerSize; ++end) {
      if (work_ == 0) return std::nullopt;
      --work_;
      Look();
      if (!HasRestarts(begin, end)) continue;
      const std::size_t next = end + kTrailerSize;
      if (IsFooter(next) || FindSoundEnd(next)) return end;
    }
    return std::nullopt;
  }

  // True if an array of restarts may end here: they begin with 0 and rise.
  bool HasRestarts(std::size_t begin, std::size_t end) {
    const auto count = LoadLittle<std::uint32_t>(file_.data() + end - 4);
    const std::size_t before = end - begin - 4;
    if (count == 0 || count > before / 4) return false;
    const std::size_t entries = before - std::size_t{count} * 4;
    const std::uint8_t* array = file_.data() + begin + entries;
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto restart = LoadLittle<std::uint32_t>(array + 4 * i);
      const bool rises = i == 0 ? restart == 0 : restart > last;
      if (!rises || restart > entries || work_ == 0) return false;
      --work_;
      last = restart;
    }
    return true;
  }

  // Now and then whether to go on.
  void Look() {
    if (++looks_ % kLook == 0 && interrupted_ && interrupted_()) {
      throw Interrupted{};
    }
  }

  const ByteView file_;
  const Interrupt& interrupted_;
  std::uint64_t looks_ = 0;
  std::uint64_t work_;  // bytes that may still be gone over
  bool saw_end_ = false;
  ScannedTable table_;
};

}  // namespace

ByteView OpenBlock(ByteView block_and_trailer, Scratch* scratch) {
  const std::size_t size = block_and_trailer.size() - kTrailerSize;
  const ByteView stored = block_and_trailer.first(size);
  if (ReadTrailer(stored, block_and_trailer.subspan(size)) == BlockType::kRaw) {
    return stored;
  }
  scratch->resize(SnappyDecodedSize(stored));
  DecodeSnappy(stored, *scratch);
  return *scratch;
}

bool IsSoundBlock(ByteView block_and_trailer) {
  try {
    Scratch scratch;
    BlockReader reader(OpenBlock(block_and_trailer, &scratch));
    while (reader.Next()) {
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

ScannedTable ScanTable(ByteView file, const Interrupt& interrupted) {
  return Scanner(file, interrupted).Run();
}

}  // namespace fastckpt::internal
