#include "fastckpt/edit/source_bundle.h"

#include <cstdint>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt {
namespace {

// What two bundles must have in common.
std::string Kind(BundleHeader header) {
  header.num_shards = 0;
  std::string bytes;
  PutBundleHeader(&bytes, header);
  return bytes;
}

}  // namespace

std::string SourceBundle::DataPath(std::size_t entry) const {
  return DataName(prefix, index.entry(entry).shard, index.header().num_shards);
}

std::string SourceBundle::TensorName(std::size_t i) const {
  std::string name;
  SliceSpec spec;
  const bool is_slice =
      index.entry(i).is_hidden && ParseSliceKey(index.name(i), &name, &spec);
  return is_slice ? name : std::string(index.name(i));
}

void SourceBundle::CheckEntry(std::size_t i) const {
  const StoredEntry& entry = index.entry(i);
  const std::int32_t num_shards = index.header().num_shards;
  const Where where{IndexName(prefix), {}, TensorName(i)};
  if (entry.shard < 0 || entry.shard >= num_shards) {
    ThrowCorruption("shard " + std::to_string(entry.shard) +
                        " is none of the " + std::to_string(num_shards) +
                        " that the header counts",
                    where);
  }
  if (entry.rank > kMaxRank || entry.offset < 0 || entry.size < 0) {
    ThrowCorruption("the rank, offset or size is out of range", where);
  }
}

std::vector<SourceBundle> OpenSources(
    const std::vector<std::string>& prefixes) {
  if (prefixes.empty()) ThrowInvalid("there is no source");
  std::vector<SourceBundle> sources;
  for (const std::string& prefix : prefixes) {
    sources.push_back({prefix, BundleIndex(IndexName(prefix), UINT64_MAX)});
    if (Kind(sources.back().index.header()) !=
        Kind(sources.front().index.header())) {
      ThrowInvalid("byte order or version is not that of " +
                       Quote(IndexName(prefixes.front())),
                   Where{IndexName(prefix), {}, {}});
    }
  }
  return sources;
}

}  // namespace fastckpt
