// Block scan: where the blocks of a damaged table lie.
//
// The table's own index tells, where it and the footer are sound, or but for
// one bit. Else the blocks are looked for from the first byte on, one behind
// the other: a block ends where the checksum of what is before fits what is
// behind, and its entries parse. A block whose end is not found that way ends
// where an array of restarts may end and a sound block, or the footer, follows.
// Nothing of this trusts a number that no checksum covers.
#pragma once

#include <string>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/table/table_format.h"

namespace fastckpt::internal {

struct ScannedBlock {
  BlockHandle handle;
  bool is_sound = false;
  // False if the file, or what can be told apart in it, ends first; then no
  // trailer follows.
  bool has_end = true;
};

struct ScannedTable {
  std::vector<ScannedBlock> blocks;  // those of entries, as they lie
  // True if no block can be missing behind the last or between two.
  bool is_whole = false;
  // How they were found, where the index did not tell; else empty.
  std::string how;
};

// REQUIRES: `file` is all of the file. Work is bounded by a constant times its
// size. Throws Interrupted.
ScannedTable ScanTable(ByteView file, const Interrupt& interrupted = {});

// The entries of a block that a trailer follows. Throws Corruption if the
// checksum does not fit, and as DecodeSnappy does.
ByteView OpenBlock(ByteView block_and_trailer, Scratch* scratch);

// Whether a block is sound, and all its entries parse and rise.
bool IsSoundBlock(ByteView block_and_trailer);

}  // namespace fastckpt::internal
