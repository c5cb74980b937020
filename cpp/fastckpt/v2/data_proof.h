// Data proof: whether what an entry says is what lies in the data files.
//
// It is if place and size fit the file, the size fits dtype and shape, and the
// bytes have the entry's checksum; of strings the checksum of their lengths,
// too. That proves the bytes. It does not prove the name, which of two types of
// one width it is, nor the order of dimensions: no byte of the data says these.
//
// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "fastckpt/platform/data_file.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/proto/messages.h"

namespace fastckpt::internal {

class DataProof {
 public:
  // The data files by shard; one that is "" or cannot be opened is lost.
  // `interrupted` ends the work by Interrupted.
  explicit DataProof(std::vector<std::string> paths,
                     const Interrupt& interrupted = nullptr);

  std::int32_t shard_count() const {
    return static_cast<std::int32_t>(paths_.size());
  }

  // Whether the file has what the entry says. Never throws for damage. All
  // calls together read each file a few times at most; beyond that, as for an
  // index made to hurt, nothing is proved any more.
  bool Agrees(const BundleEntry& entry);

 private:
  using Place =
      std::tuple<std::int32_t, std::int64_t, std::int64_t, std::uint32_t, bool>;

  const DataFile* FileOf(std::int32_t shard);
  bool Check(const BundleEntry& entry, const DataFile& file);
  std::uint32_t ChecksumOf(const DataFile& file, std::uint64_t offset,
                           std::uint64_t size) const;

  const std::vector<std::string> paths_;
  const Interrupt interrupted_;
  std::map<std::int32_t, std::unique_ptr<DataFile>> files_;
  std::map<Place, bool> known_;
  std::uint64_t work_ = 0;  // bytes that may still be read
};

// Whether an entry makes sense by itself: a type that is stored, a shape whose
// size is the entry's. Entries that list slices have none of their own.
bool HasMeaning(const BundleEntry& entry);

}  // namespace fastckpt::internal
