// Shard family: data files of one prefix that agree on how many they are.
#pragma once

#include <cstdint>
#include <string>

namespace fastckpt::internal {

// For a prefix whose index counts `num_shards` shards: names the other counts
// that its data files speak of, for the message about a missing one; empty if
// there are none. A merge that met an empty part leaves such a bundle behind.
std::string DescribeOtherFamilies(const std::string& prefix,
                                  std::int32_t num_shards);

}  // namespace fastckpt::internal
