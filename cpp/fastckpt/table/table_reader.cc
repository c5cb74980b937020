#include "fastckpt/table/table_reader.h"

#include <algorithm>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/snappy.h"
#include "fastckpt/table/block_reader.h"

namespace fastckpt::internal {
namespace {

// Index keys that share prefixes can be far longer than the block; beyond this
// the block was made to hurt.
constexpr std::uint64_t kMaxKeyExpansion = 4;
constexpr std::uint64_t kFreeKeyBytes = 16 << 20;

Where At(const BlockHandle& handle) { return {{}, handle.offset, {}}; }

}  // namespace

TableReader::TableReader(const DataFile& file, std::uint64_t max_index_block)
    : file_(file) {
  WithContext(Where{file.path(), {}, {}}, [&] {
    const std::uint64_t size = file.size();
    const auto tail =
        static_cast<std::size_t>(std::min<std::uint64_t>(size, kFooterSize));
    Scratch scratch;
    const Footer footer =
        ReadFooter(file.Fetch(size - tail, tail, &scratch), size);
    if (footer.index.size > max_index_block) {
      ThrowUnsupported("an index block of " +
                       std::to_string(footer.index.size) +
                       " bytes is over the limit of " +
                       std::to_string(max_index_block) + " (max_index_bytes)");
    }
    ReadIndex(footer.index);
  });
}

void TableReader::ReadIndex(const BlockHandle& handle) {
  WithContext(At(handle), [&] {
    BlockScratch scratch;
    const Block block = ReadStored(handle, true, &scratch);
    const std::uint64_t max_keys =
        block.contents.size() * kMaxKeyExpansion + kFreeKeyBytes;
    BlockReader reader(block.contents);
    while (reader.Next()) {
      if (keys_.size() + reader.key().size() > max_keys) {
        ThrowUnsupported("the index keys are many times longer than the block");
      }
      AddIndexEntry(reader.key(), reader.value());
    }
  });
  keys_.shrink_to_fit();
  index_.shrink_to_fit();
}

void TableReader::AddIndexEntry(std::string_view key, ByteView value) {
  IndexEntry entry;
  Cursor cursor(value);
  // Bytes behind the handle are allowed: TensorFlow ignores them as well.
  if (!TakeHandle(&cursor, &entry.handle)) {
    ThrowCorruption("the index entry " + Quote(key) + " is no block handle");
  }
  CheckHandle(entry.handle, file_.size());
  // Blocks do not overlap, so that reading all of them is bounded by the file:
  // one without entries breaks no order of keys and could be named for ever.
  if (entry.handle.size > file_.size() - block_bytes_) {
    ThrowCorruption("the index names some blocks more than once");
  }
  block_bytes_ += entry.handle.size;
  keys_.append(key);
  entry.key_end = keys_.size();
  index_.push_back(entry);
}

std::string_view TableReader::IndexKey(std::size_t block) const {
  const std::uint64_t begin = block == 0 ? 0 : index_[block - 1].key_end;
  return std::string_view(keys_).substr(begin, index_[block].key_end - begin);
}

std::optional<std::size_t> TableReader::FindBlock(std::string_view key) const {
  std::size_t low = 0;
  std::size_t high = index_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (IndexKey(middle) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == index_.size()) return std::nullopt;
  return low;
}

Block TableReader::ReadStored(const BlockHandle& handle, bool check,
                              BlockScratch* scratch) const {
  const auto size = static_cast<std::size_t>(handle.size);
  const ByteView bytes =
      file_.Fetch(handle.offset, size + kTrailerSize, &scratch->stored);
  const ByteView stored = bytes.first(size);
  const ByteView trailer = bytes.subspan(size);
  const BlockType type =
      check ? ReadTrailer(stored, trailer) : ReadBlockType(trailer);
  if (type == BlockType::kRaw) return {stored, type};
  scratch->decoded.resize(SnappyDecodedSize(stored));
  DecodeSnappy(stored, scratch->decoded);
  return {scratch->decoded, type};
}

Block TableReader::ReadBlock(std::size_t block, BlockScratch* scratch) const {
  const BlockHandle& place = handle(block);
  return WithContext(Where{file_.path(), place.offset, {}},
                     [&] { return ReadStored(place, true, scratch); });
}

Block TableReader::ReadUnchecked(std::size_t block,
                                 BlockScratch* scratch) const {
  const BlockHandle& place = handle(block);
  return WithContext(Where{file_.path(), place.offset, {}},
                     [&] { return ReadStored(place, false, scratch); });
}

void TableReader::VisitBlock(std::size_t block, const Block& contents,
                             const Visit& visit) const {
  WithContext(Where{file_.path(), handle(block).offset, {}}, [&] {
    const std::string_view last = IndexKey(block);
    BlockReader reader(contents.contents);
    bool is_first = true;
    while (reader.Next()) {
      if (is_first && block > 0 && reader.key() <= IndexKey(block - 1)) {
        ThrowCorruption("the first key of the block, " + Quote(reader.key()) +
                        ", belongs into an earlier block");
      }
      is_first = false;
      visit(reader.key(), reader.value());
    }
    // Keys rise, so the last one speaks for all.
    if (reader.key() > last) {
      ThrowCorruption("the key " + Quote(reader.key()) +
                      " lies past its block's index key " + Quote(last));
    }
  });
}

void TableReader::VisitAll(const Visit& visit) const {
  BlockScratch scratch;
  for (std::size_t block = 0; block < block_count(); ++block) {
    VisitBlock(block, ReadBlock(block, &scratch), visit);
  }
}

}  // namespace fastckpt::internal
