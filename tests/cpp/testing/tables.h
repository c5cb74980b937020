// Tables made by hand: any blocks under any index keys, every checksum right,
// so that a test can break one rule at a time.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/table/block_writer.h"
#include "fastckpt/table/table_format.h"

namespace fastckpt::internal {

using Entries = std::vector<std::pair<std::string, std::string>>;

// A block as stored in a file, and the key under which the index has it.
struct StoredBlock {
  std::string index_key;
  std::string stored;
  BlockType type = BlockType::kRaw;
};

inline std::string MakeBlock(const Entries& entries,
                             std::size_t interval = 16) {
  BlockWriter block(interval);
  for (const auto& [key, value] : entries) block.Add(key, value);
  return block.Finish();
}

// Appends a block with its trailer and gives its handle.
inline BlockHandle AppendBlock(std::string* file, const std::string& stored,
                               BlockType type = BlockType::kRaw) {
  const BlockHandle handle{file->size(), stored.size()};
  file->append(stored);
  PutTrailer(file, AsBytes(stored), type);
  return handle;
}

// Appends an index block of these entries and the footer.
inline void AppendIndex(std::string* file, const Entries& index) {
  const BlockHandle metaindex = AppendBlock(file, MakeBlock({}));
  PutFooter(file, {metaindex, AppendBlock(file, MakeBlock(index, 1))});
}

inline std::string HandleBytes(const BlockHandle& handle) {
  std::string bytes;
  PutHandle(&bytes, handle);
  return bytes;
}

inline std::string JoinBlocks(const std::vector<StoredBlock>& blocks) {
  std::string file;
  Entries index;
  for (const StoredBlock& block : blocks) {
    const BlockHandle handle = AppendBlock(&file, block.stored, block.type);
    index.emplace_back(block.index_key, HandleBytes(handle));
  }
  AppendIndex(&file, index);
  return file;
}

// A table of one block.
inline std::string MakeTable(const Entries& entries) {
  return JoinBlocks({{entries.back().first, MakeBlock(entries)}});
}

}  // namespace fastckpt::internal
