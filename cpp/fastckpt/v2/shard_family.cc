#include "fastckpt/v2/shard_family.h"

#include <filesystem>
#include <set>
#include <system_error>

#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {

namespace fs = std::filesystem;

std::string DescribeOtherFamilies(const std::string& prefix,
                                  std::int32_t num_shards) {
  const std::string_view base = BaseOf(prefix);
  const std::string_view folder = FolderPartOf(prefix);
  std::set<std::int32_t> counts;
  std::error_code error;
  fs::directory_iterator entry(folder.empty() ? "." : folder, error);
  for (const fs::directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    const auto data = ParseDataName(entry->path().filename().string());
    if (data && data->stem == base) counts.insert(data->num_shards);
  }
  counts.erase(num_shards);
  if (counts.empty()) return "";
  std::string text = "; the index counts ";
  text += std::to_string(num_shards);
  text += " shards, but files of a set of";
  for (const std::int32_t count : counts) {
    text += ' ';
    text += std::to_string(count);
  }
  return text += " lie beside it";
}

}  // namespace fastckpt::internal
