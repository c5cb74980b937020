// Index salvage: one sound index from what is left of the indexes of a save.
//
// The index that is written is for data files under new names: the shards of
// the first part, then those of the second, and so on. Whether each tensor's
// bytes are right is left to whoever opens it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fastckpt/platform/parallel.h"

namespace fastckpt::internal {

// A checkpoint, or a part of one that was being saved in parts.
struct SalvagePart {
  std::string index;
  std::vector<std::string> data;  // by shard; "" where it is lost
};

struct IndexSalvage {
  // Tensors whose bytes are right, and whose names, types and shapes no
  // checksum covers.
  std::vector<std::string> unproved;
  std::vector<std::string> lost;     // names that were found, of what was not
  std::vector<std::string> repairs;  // what was done, in words
  bool is_whole = true;              // false if there may have been more
  bool has_order = true;             // false if no header told the byte order
};

// Writes the index `to`. Throws as RecoverIndex does, and Corruption if parts
// are of different kinds.
IndexSalvage SalvageIndex(const std::vector<SalvagePart>& parts,
                          const std::string& to, std::uint64_t max_bytes,
                          const Interrupt& interrupted);

// Writes the index `to` for the data files of another save of the same tensors,
// whose own index is lost: places from the index `sibling`, checksums from the
// data. Of the data this proves only that strings lie where the sibling has
// some, by the checksums of their lengths, and that the files are as long.
// Throws Corruption if that is not so, or the sibling is damaged.
void AdoptIndex(const std::string& sibling,
                const std::vector<std::string>& data, const std::string& to,
                std::uint64_t max_bytes, const Interrupt& interrupted);

}  // namespace fastckpt::internal
