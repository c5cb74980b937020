// Index header: what a V2 index says of its data files, without reading the
// rest.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc; FORMAT 5.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fastckpt::internal {

// How many data files the index at `path` counts; nothing where no such index
// is that can be read so far.
std::optional<std::int32_t> CountShards(const std::string& path);

}  // namespace fastckpt::internal
