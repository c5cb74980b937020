// CheckedBlocks: the blocks of V1 files, of which each is checked once.
//
// Thread-safety: safe, without a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastckpt/read/check_state.h"
#include "fastckpt/v1/v1_reader.h"

namespace fastckpt::internal {

// A block by the numbers of its file and its own.
struct BlockPlace {
  std::uint32_t file;
  std::size_t block;
};

class CheckedBlocks {
 public:
  // `reader` must outlive it.
  CheckedBlocks(const V1Reader& reader, IoMode mode);

  // Reads a block, and checks it if `check` says so and nobody has in a file
  // with that stamp. May wait for another thread's check.
  Block Read(const BlockPlace& place, bool check, FileStamp stamp,
             BlockScratch* scratch);

  bool IsDone(const BlockPlace& place, FileStamp stamp) const {
    return states_[place.file][place.block].IsDone(stamp);
  }
  // The state of a block, for who checks it elsewhere.
  CheckState& StateOf(const BlockPlace& place) {
    return states_[place.file][place.block];
  }

 private:
  const V1Reader& reader_;
  IoMode mode_;
  std::vector<std::vector<CheckState>> states_;  // per file, per block
};

}  // namespace fastckpt::internal
