// TableReader: footer, index block and data blocks of one table file.
//
// The index block is read, checked and kept; data blocks are read one at a
// time, their checksum always checked. A damaged block is an Error that names
// the block, never a shorter walk.
//
// Thread-safety: const methods are safe to call from many threads.
//
// Source: LevelDB doc/table_format.md; TensorFlow core/lib/io/table.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/table/table_format.h"

namespace fastckpt::internal {

// The memory that a block is read and decoded into.
struct BlockScratch {
  Scratch stored;
  Scratch decoded;
};

// A checked block: `contents` lies in the file's mapping or in a scratch.
struct Block {
  ByteView contents;
  BlockType type = BlockType::kRaw;
};

class TableReader {
 public:
  // Reads footer and index block. Throws Corruption, and Unsupported for an
  // index block of more than `max_index_block` bytes. `file` must outlive it.
  TableReader(const DataFile& file, std::uint64_t max_index_block);

  // Data blocks, numbered in the order of their keys.
  std::size_t block_count() const { return index_.size(); }
  const BlockHandle& handle(std::size_t block) const {
    return index_[block].handle;
  }

  // The block that holds `key` if any does.
  std::optional<std::size_t> FindBlock(std::string_view key) const;

  // Reads and checks one data block.
  Block ReadBlock(std::size_t block, BlockScratch* scratch) const;

  // The same without looking at the checksum, for a block that was checked.
  Block ReadUnchecked(std::size_t block, BlockScratch* scratch) const;

  using Visit = std::function<void(std::string_view key, ByteView value)>;
  // Calls visit(key, value) for each entry of a block that ReadBlock gave, and
  // checks that its keys lie between the index keys around it.
  void VisitBlock(std::size_t block, const Block& contents,
                  const Visit& visit) const;

  // VisitBlock for every block: all entries of the table, in key order.
  void VisitAll(const Visit& visit) const;

 private:
  struct IndexEntry {
    std::uint64_t key_end;  // in keys_
    BlockHandle handle;
  };

  void ReadIndex(const BlockHandle& handle);
  void AddIndexEntry(std::string_view key, ByteView value);
  Block ReadStored(const BlockHandle& handle, bool check,
                   BlockScratch* scratch) const;
  std::string_view IndexKey(std::size_t block) const;

  const DataFile& file_;
  std::string keys_;  // of the index, one after another
  std::vector<IndexEntry> index_;
  std::uint64_t block_bytes_ = 0;  // of all data blocks together
};

}  // namespace fastckpt::internal
