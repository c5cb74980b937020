// Table salvage: a table of the sound blocks of one that is damaged.
//
// For V1 files, whose values lie in the table. No bit is flipped back there:
// nothing but a block's checksum covers its values, so nothing would prove that
// it was the right one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fastckpt/platform/parallel.h"

namespace fastckpt::internal {

struct TableSalvage {
  std::vector<std::string> repairs;  // what was done, in words
  bool is_whole = true;              // false if there may have been more
};

// The file is held in memory, for of a mapping a disk that fails would be a
// fault; so there is an end to what is taken.
constexpr std::uint64_t kMaxSalvagedTable = std::uint64_t{8} << 30;

// Writes the sound blocks' entries to the table `to`. Throws System,
// Corruption if there are none, or not the first one's, and Unsupported for a
// file of more than kMaxSalvagedTable bytes.
TableSalvage SalvageTable(const std::string& path, const std::string& to,
                          const Interrupt& interrupted = {});

}  // namespace fastckpt::internal
