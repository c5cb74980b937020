// Shard names: "P.data-00000-of-00002" (V2) and "P-00000-of-00002" (V1).
//
// Source: tensorflow/core/util/tensor_bundle/naming.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fastckpt::internal {

// "PREFIX.index".
std::string IndexName(const std::string& prefix);

// "PREFIX.data-SSSSS-of-NNNNN"; a number over 99999 takes the digits it needs.
std::string DataName(const std::string& prefix, std::int32_t shard,
                     std::int32_t num_shards);

// The parts of "STEM-SSSSS-of-NNNNN".
struct ShardName {
  std::string stem;
  std::int32_t shard = 0;
  std::int32_t num_shards = 0;

  // The whole name; at least five digits each.
  std::string Format() const;
};

// Nothing unless the name is one that TensorFlow would give.
std::optional<ShardName> ParseShardName(std::string_view name);

}  // namespace fastckpt::internal
