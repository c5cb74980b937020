#include "fastckpt/v2/shard_name.h"

#include <charconv>
#include <cstdio>
#include <system_error>

namespace fastckpt::internal {
namespace {

constexpr std::string_view kOf = "-of-";
constexpr std::string_view kData = ".data";

std::optional<std::int32_t> ParseNumber(std::string_view digits) {
  std::int32_t number = 0;
  const auto [end, code] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_all = end == digits.data() + digits.size();
  if (code != std::errc() || !is_all || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::string_view BaseOf(std::string_view prefix) {
  return prefix.substr(prefix.find_last_of('/') + 1);
}

std::string_view FolderPartOf(std::string_view prefix) {
  return prefix.substr(0, prefix.find_last_of('/') + 1);
}

std::string IndexName(const std::string& prefix) {
  return prefix + std::string(kIndexEnding);
}

std::string DataName(const std::string& prefix, std::int32_t shard,
                     std::int32_t num_shards) {
  char suffix[48];
  std::snprintf(suffix, sizeof suffix, ".data-%05d-of-%05d", shard, num_shards);
  return prefix + suffix;
}

std::string ShardName::Format() const {
  char suffix[48];
  std::snprintf(suffix, sizeof suffix, "-%05d-of-%05d", shard, num_shards);
  return stem + suffix;
}

std::optional<ShardName> ParseShardName(std::string_view name) {
  const std::size_t of = name.rfind(kOf);
  if (of == std::string_view::npos) return std::nullopt;
  const std::string_view before = name.substr(0, of);
  const std::size_t dash = before.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto shard = ParseNumber(before.substr(dash + 1));
  const auto count = ParseNumber(name.substr(of + kOf.size()));
  if (!shard || !count || *shard >= *count) return std::nullopt;
  ShardName parts{std::string(before.substr(0, dash)), *shard, *count};
  // Other spellings of the numbers are other files.
  if (parts.Format() != name) return std::nullopt;
  return parts;
}

std::optional<ShardName> ParseDataName(std::string_view name) {
  auto parts = ParseShardName(name);
  if (!parts || !parts->stem.ends_with(kData)) return std::nullopt;
  parts->stem.resize(parts->stem.size() - kData.size());
  return parts;
}

PartName ParsePartName(std::string_view name) {
  if (name.ends_with(kIndexEnding)) {
    name.remove_suffix(kIndexEnding.size());
    return {name, CheckpointPart::kIndex};
  }
  if (const auto data = ParseDataName(name)) {
    return {name.substr(0, data->stem.size()), CheckpointPart::kData};
  }
  return {name, CheckpointPart::kV1};
}

bool IsDataSuffix(std::string_view suffix) {
  const auto data = ParseDataName(suffix);
  return data && data->stem.empty();
}

}  // namespace fastckpt::internal
