// RecordPlaces: where the records of one block lie, found by their keys.
//
// A block can hold thousands of records, and each is asked for alone. The block
// is walked once, which proves the order of its keys; 24 bytes are kept for
// each record.
//
// Thread-safety: immutable once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/table/table_reader.h"

namespace fastckpt::internal {

class RecordPlaces {
 public:
  // Walks a block that ReadBlock or ReadUnchecked gave. Throws Corruption.
  RecordPlaces(const TableReader& table, std::size_t index, const Block& block);

  // The values that may be the key's, in `contents` of the same block: rarely
  // more than one. Throws Corruption if the block is no longer as long.
  std::vector<ByteView> Find(std::string_view key, ByteView contents) const;

 private:
  struct Place {
    std::uint64_t key_hash;
    std::uint64_t offset;
    std::uint64_t size;
  };

  std::vector<Place> places_;  // by key_hash
};

}  // namespace fastckpt::internal
