// BlockReader: the entries of one block, in order.
//
//   entry*   restart_offset:u32 x R   R:u32
//   entry  = varint32 shared, varint32 non_shared, varint32 value_size,
//            key_suffix[non_shared], value[value_size]
//   key    = previous_key[0:shared] + key_suffix
//
// Every entry is visited, so the restart offsets are bounded but not used: a
// reader that seeks with them would have to prove each of them first.
//
// Source: LevelDB table/block_builder.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

class BlockReader {
 public:
  // Takes a decoded block, which must outlive the reader. Throws Corruption if
  // the restart array does not fit.
  explicit BlockReader(ByteView contents);

  // Moves to the next entry; false at the end. Throws Corruption if the entry
  // does not parse or its key does not rise; offsets in messages are relative
  // to the block.
  bool Next();

  // Of the current entry; valid until the next call of Next.
  std::string_view key() const { return key_; }
  ByteView value() const { return value_; }

 private:
  void TakeEntry();

  Cursor cursor_;
  bool is_first_ = true;
  std::string key_;
  ByteView value_;
};

}  // namespace fastckpt::internal
