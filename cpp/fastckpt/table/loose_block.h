// Loose block: what can still be read of a block that is damaged.
//
// Entries follow each other by their lengths. Where one is no entry, by its
// lengths or by what its value says, reading goes on at the next place where
// one with its whole key begins and is proved to be one; entries between that
// share a key nobody knows are passed over. The key of an entry may be wrong
// all the same: nothing but the block's checksum covers it.
//
// Source: LevelDB table/block_builder.cc, for the layout.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

struct LooseEntry {
  std::string key;
  ByteView value;
};

// What a value says of itself: nothing that makes sense, an entry's message, or
// one that others prove.
enum class Likeness { kNone, kEntry, kProved };
using Judge = std::function<Likeness(std::string_view key, ByteView value)>;

struct LooseBlock {
  std::vector<LooseEntry> entries;  // those that are judged to be some
  bool is_whole = false;            // nothing was passed over
};

// Reads the contents of a block, not compressed. Work is bounded by a constant
// times their size, the judge's calls included.
LooseBlock ReadLoosely(ByteView contents, const Judge& judge);

}  // namespace fastckpt::internal
