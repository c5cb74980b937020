// TableWriter: writes a table byte for byte as TensorFlow does.
//
// Blocks of at least 256 KiB, not compressed; the index entry of a block is
// delayed until the next key is known, because the index stores the shortest
// key that separates the two blocks: between "the quick" and "the slow" it is
// "the r". INVARIANT: a block is pending only while the data block is empty.
//
// Source: TensorFlow core/lib/io/{table_builder,table_options}; FORMAT 2.5.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "fastckpt/base/bytes.h"
#include "fastckpt/table/block_writer.h"
#include "fastckpt/table/table_format.h"

namespace fastckpt::internal {

// Keeps one block and the index in memory, whatever the size of the table.
class TableWriter {
 public:
  // Takes the file's bytes in order.
  using Sink = std::function<void(ByteView)>;

  // `sink` may throw; the table is of no more use then.
  explicit TableWriter(Sink sink);

  // Appends an entry. Throws what the sink throws.
  // REQUIRES: the key sorts after the key before it.
  void Add(std::string_view key, std::string_view value);

  // Writes what is left, the index and the footer.
  void Finish();

 private:
  void Flush();
  BlockHandle WriteBlock(BlockWriter* block);
  void IndexPending(std::string_view separator);
  void Emit(std::string_view bytes);

  Sink sink_;
  BlockWriter data_;
  BlockWriter index_;
  std::uint64_t offset_ = 0;
  bool has_entries_ = false;
  std::string last_key_;
  std::optional<BlockHandle> pending_;
};

// A short key k with a <= k < b.
std::string SeparatorKey(std::string_view a, std::string_view b);
// A short key that is not less than `key`.
std::string SuccessorKey(std::string_view key);

}  // namespace fastckpt::internal
