// Shard names: "P.data-00000-of-00002" (V2) and "P-00000-of-00002" (V1), and
// what else the files of a checkpoint are called.
//
// One grammar: whoever takes a name apart asks here.
//
// Source: tensorflow/core/util/tensor_bundle/naming.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fastckpt::internal {

inline constexpr std::string_view kIndexEnding = ".index";

// The part of a prefix after its last slash, and what is before it, slash
// included.
std::string_view BaseOf(std::string_view prefix);
std::string_view FolderPartOf(std::string_view prefix);

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

// The same of "PREFIX.data-SSSSS-of-NNNNN", with the prefix as the stem.
std::optional<ShardName> ParseDataName(std::string_view name);

enum class CheckpointPart { kIndex, kData, kV1 };

// What a file is by its name: which part of which base.
struct PartName {
  std::string_view base;  // of the name
  CheckpointPart part;
};
PartName ParsePartName(std::string_view name);

// True for ".data-SSSSS-of-NNNNN".
bool IsDataSuffix(std::string_view suffix);

}  // namespace fastckpt::internal
