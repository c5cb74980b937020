// BlockWriter: builds one block of a table.
//
//   entry*   restart_offset:u32 x R   R:u32
//   entry  = varint32 shared, varint32 non_shared, varint32 value_size,
//            key[shared:], value
//
// `shared` counts the leading bytes that the key has in common with the key
// before it. After every `interval` entries the whole key is stored: a restart,
// whose offset goes into the array at the end.
//
// Source: LevelDB table/block_builder.cc; FORMAT section 2.5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fastckpt::internal {

// Makes one block after the other, all in memory.
class BlockWriter {
 public:
  // `interval`: entries from one restart to the next, at least 1.
  explicit BlockWriter(std::size_t interval);

  // True if nothing was added since the begin, or since Clear.
  bool IsEmpty() const { return bytes_.empty(); }

  // Appends an entry.
  // REQUIRES: the key sorts after the key before it.
  void Add(std::string_view key, std::string_view value);

  // The size the block would have if it were finished now.
  std::size_t SizeIfFinished() const;

  // Completes the block and gives its bytes, which stay until Clear.
  const std::string& Finish();

  // Begins a new block.
  void Clear();

 private:
  const std::size_t interval_;
  std::size_t since_restart_ = 0;
  std::vector<std::uint32_t> restarts_;
  std::string last_key_;
  std::string bytes_;
};

}  // namespace fastckpt::internal
