// Bundle place: under which names an index and its shards lie at this moment.
//
// A save moves them while others look: aside, and maybe back. Who opened an
// index may therefore find it elsewhere later, and who opens a shard may open
// that of another save. Renaming keeps a file's identity, so an index is found
// again by it, and a shard belongs to it that was opened between two looks at
// the index; see the proof in the source.
//
// Thread-safety: functions without state.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/v2/bundle_index.h"

namespace fastckpt::internal {

struct BundlePlace {
  std::string prefix;
  std::string token;  // of the set aside (aside_set.h); empty: plain names

  std::string IndexPath() const;
  // Where a shard is now: its name aside if that is there, else the plain one.
  std::string ShardPath(std::int32_t shard, std::int32_t num_shards) const;
};

struct PlacedIndex {
  BundlePlace place;
  BundleIndex index;
};

// Reads the index of a prefix: the one with the identity `wanted` if that is
// given and lies anywhere, else the plain one, else that of the set aside that
// counts. Looks again, three times at most, when it vanishes meanwhile. Throws
// as BundleIndex does, System (ENOENT) naming the plain index if there is none,
// and System (EBUSY) if it was moved away at each look.
PlacedIndex OpenIndex(const std::string& prefix, std::uint64_t max_bytes,
                      const FileIdentity* wanted = nullptr);

// Waits about as long as a save takes to move a file.
void PauseBetweenLooks();

// Where the index with this identity lies now; nothing if nowhere.
std::optional<BundlePlace> FindPlace(const std::string& prefix,
                                     const FileIdentity& identity);

// Why an index that was opened lies nowhere: Corruption where another save's is
// there, or on its way, else System (ENOENT). Looks again after each call of
// `pause`, for as long as files of the prefix are there.
Error LostIndex(const std::string& prefix,
                const std::function<void()>& pause = PauseBetweenLooks);

// A shard and the index that it is to belong to.
struct ShardOfIndex {
  const std::string& prefix;
  FileIdentity index;
  std::int32_t shard = 0;
  std::int32_t num_shards = 0;
};

// Opens a shard, wherever it lies, that is proved to be its index's. Looks
// again as OpenIndex does. Throws Corruption if the index was replaced, System
// (ENOENT) if it or the shard is gone, System (EBUSY) if they were moved at
// each look.
std::unique_ptr<DataFile> OpenShard(const ShardOfIndex& wanted, IoMode mode);

}  // namespace fastckpt::internal
