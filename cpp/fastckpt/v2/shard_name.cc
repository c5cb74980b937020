#include "fastckpt/v2/shard_name.h"

#include <cstdio>

namespace fastckpt {

std::string IndexName(const std::string& prefix) { return prefix + ".index"; }

std::string DataName(const std::string& prefix, std::int32_t shard,
                     std::int32_t num_shards) {
  char suffix[48];
  std::snprintf(suffix, sizeof suffix, ".data-%05d-of-%05d", shard, num_shards);
  return prefix + suffix;
}

}  // namespace fastckpt
