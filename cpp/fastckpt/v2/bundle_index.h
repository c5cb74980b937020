// BundleIndex: everything a V2 index says, checked once and kept compactly.
//
// 56 bytes, the name and 8 bytes per dimension for each entry: a hundred
// thousand tensors take some 12 MB. Damage to the table or to a message throws
// at once; an entry whose meaning is wrong (dtype, shape, slices) is kept as it
// stands and refused when somebody reads it, so that the others stay readable.
//
// Thread-safety: immutable once made.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/platform/data_file.h"
#include "fastckpt/proto/messages.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {

// One entry as stored; numbers are the file's, unchecked unless noted.
struct StoredEntry {
  std::uint64_t name_begin;
  std::uint32_t name_size;
  std::uint32_t crc32c;  // unmasked
  std::int64_t offset;
  std::int64_t size;
  std::int32_t dtype;
  std::int32_t shard;
  std::uint32_t dims_begin;
  std::uint32_t listed;  // 0, or 1 + index among entries that list slices
  std::uint16_t rank;    // at most kMaxRank + 1, which means "too many"
  bool unknown_rank;
  bool is_sliced;  // has no bytes of its own
  bool is_hidden;  // the stored slice of another entry
};

class BundleIndex {
 public:
  // Reads a whole index. `max_bytes` bounds the file's size (Unsupported).
  // Throws Corruption for any damage to footer, blocks, order or messages.
  BundleIndex(const std::string& path, std::uint64_t max_bytes)
      : BundleIndex(DataFile(path, IoMode::kRead), max_bytes) {}
  BundleIndex(const DataFile& file, std::uint64_t max_bytes);

  // Of the file that was read.
  const FileIdentity& identity() const { return identity_; }
  std::uint64_t file_size() const { return identity_.size; }
  const BundleHeader& header() const { return header_; }

  // All entries in key order, hidden ones included.
  std::size_t entry_count() const { return entries_.size(); }
  // Entries that are tensors.
  std::size_t tensor_count() const { return entries_.size() - hidden_count_; }

  // Entry i, its name and its dimensions; these live as long as this.
  const StoredEntry& entry(std::size_t i) const { return entries_[i]; }
  std::string_view name(std::size_t i) const;
  Dims dims(std::size_t i) const;
  bool IsSliced(std::size_t i) const { return entries_[i].is_sliced; }
  // The slices that an entry lists. One that is everything stands for the
  // entry's own bytes: such an entry is not sliced.
  std::vector<SliceSpec> slices(std::size_t i) const;

  // By key, hidden or not.
  std::optional<std::size_t> Find(std::string_view key) const;

 private:
  void Reserve();
  void ReadHeader(std::string_view key, ByteView value);
  void AddEntry(std::string_view key, ByteView value, BundleEntry* parsed);
  void HideSlices();
  void HideSlicesOf(std::size_t i);
  std::size_t LowerBound(std::size_t begin, std::size_t end, std::size_t skip,
                         std::string_view key) const;

  FileIdentity identity_;
  BundleHeader header_;
  std::string names_;
  std::vector<std::int64_t> dims_;
  std::vector<StoredEntry> entries_;
  std::vector<std::string> sliced_values_;  // messages of sliced entries
  std::size_t hidden_count_ = 0;
};

}  // namespace fastckpt::internal
