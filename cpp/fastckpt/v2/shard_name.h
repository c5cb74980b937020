// Shard names: "P.data-00000-of-00002" (V2) and "P-00000-of-00002" (V1).
//
// Source: tensorflow/core/util/tensor_bundle/naming.cc.
#pragma once

#include <cstdint>
#include <string>

namespace fastckpt {

// "PREFIX.index".
std::string IndexName(const std::string& prefix);

// "PREFIX.data-SSSSS-of-NNNNN"; a number over 99999 takes the digits it needs.
std::string DataName(const std::string& prefix, std::int32_t shard,
                     std::int32_t num_shards);

}  // namespace fastckpt
