// ShardFiles: the data files of a bundle, each opened when it is first needed
// and kept.
//
// Thread-safety: safe, without a lock, but for Close.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "fastckpt/platform/data_file.h"
#include "fastckpt/v2/bundle_index.h"

namespace fastckpt::internal {

class ShardFiles {
 public:
  // For the shards that entries of the index name, right or wrong.
  explicit ShardFiles(const BundleIndex& index);
  ~ShardFiles();
  ShardFiles(const ShardFiles&) = delete;
  ShardFiles& operator=(const ShardFiles&) = delete;

  // The file of a shard that an entry names; `open` makes one if none is kept.
  // Of threads that come at once each opens it, and one's is kept.
  template <typename Open>
  const DataFile& Get(std::int32_t shard, const Open& open) {
    auto& place = PlaceOf(shard);
    const DataFile* file = place.load(std::memory_order_acquire);
    return file ? *file : Keep(open(), &place);
  }

  // The numbers that entries name, right or wrong, in order.
  const std::vector<std::int32_t>& shards() const { return shards_; }

  // Those that were opened so far.
  std::vector<const DataFile*> Opened() const;

  // REQUIRES: nobody uses them any more.
  void Close();

 private:
  using Place = std::atomic<const DataFile*>;

  Place& PlaceOf(std::int32_t shard);
  static const DataFile& Keep(std::unique_ptr<DataFile> opened, Place* place);

  std::vector<std::int32_t> shards_;  // sorted
  std::vector<Place> files_;          // of each, or null
};

}  // namespace fastckpt::internal
