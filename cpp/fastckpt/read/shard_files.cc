#include "fastckpt/read/shard_files.h"

#include <algorithm>

namespace fastckpt::internal {
namespace {

// Shard numbers outside [0, num_shards) are refused when a tensor is read.
std::vector<std::int32_t> UsedShards(const BundleIndex& index) {
  std::vector<std::int32_t> shards;
  for (std::size_t i = 0; i < index.entry_count(); ++i) {
    const std::int32_t shard = index.entry(i).shard;
    if (shards.empty() || shards.back() != shard) shards.push_back(shard);
  }
  std::sort(shards.begin(), shards.end());
  shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
  return shards;
}

}  // namespace

ShardFiles::ShardFiles(const BundleIndex& index)
    : shards_(UsedShards(index)), files_(shards_.size()) {}

ShardFiles::~ShardFiles() { Close(); }

void ShardFiles::Close() {
  for (auto& file : files_) delete file.exchange(nullptr);
}

ShardFiles::Place& ShardFiles::PlaceOf(std::int32_t shard) {
  const auto found = std::lower_bound(shards_.begin(), shards_.end(), shard);
  return files_[static_cast<std::size_t>(found - shards_.begin())];
}

const DataFile& ShardFiles::Keep(std::unique_ptr<DataFile> opened,
                                 Place* place) {
  const DataFile* kept = nullptr;
  if (place->compare_exchange_strong(kept, opened.get())) {
    return *opened.release();
  }
  return *kept;  // another thread was faster
}

std::vector<const DataFile*> ShardFiles::Opened() const {
  std::vector<const DataFile*> open;
  for (const auto& file : files_) {
    if (const DataFile* data = file.load(std::memory_order_acquire)) {
      open.push_back(data);
    }
  }
  return open;
}

}  // namespace fastckpt::internal
