#include "fastckpt/v2/shard_family.h"

#include <charconv>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

namespace fastckpt::internal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kData = ".data-";
constexpr std::string_view kOf = "-of-";

bool TakeNumber(std::string_view* text, std::int32_t* number) {
  const char* begin = text->data();
  const auto [end, error] =
      std::from_chars(begin, begin + text->size(), *number);
  if (error != std::errc() || end == begin) return false;
  text->remove_prefix(static_cast<std::size_t>(end - begin));
  return true;
}

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// The M of "BASE.data-N-of-M", or 0.
std::int32_t CountOf(std::string_view name, std::string_view base) {
  std::int32_t shard = 0;
  std::int32_t count = 0;
  const bool is_data = TakePrefix(&name, base) && TakePrefix(&name, kData) &&
                       TakeNumber(&name, &shard) && TakePrefix(&name, kOf) &&
                       TakeNumber(&name, &count) && name.empty();
  return is_data ? count : 0;
}

}  // namespace

std::string DescribeOtherFamilies(const std::string& prefix,
                                  std::int32_t num_shards) {
  const fs::path path(prefix);
  const std::string base = path.filename().string();
  const fs::path folder =
      path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::set<std::int32_t> counts;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    counts.insert(CountOf(entry->path().filename().string(), base));
  }
  counts.erase(0);
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
