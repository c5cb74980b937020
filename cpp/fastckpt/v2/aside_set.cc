#include "fastckpt/v2/aside_set.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/file_reader.h"
#include "fastckpt/table/table_format.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTag = ".fastckpt-";
constexpr std::size_t kTokenSize = 8;
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kAside = ".old";
constexpr std::size_t kMarkSize =
    kTag.size() + kTokenSize + kAside.size();  // all marks are as long
static_assert(kAside.size() == kTemporary.size());

bool IsToken(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsPlainName(std::string_view base, std::string_view name) {
  if (!name.starts_with(base)) return false;
  name.remove_prefix(base.size());
  return name.empty() || name == kIndexEnding;
}

bool IsSet(const AsideSet& set) { return !set.name().empty(); }

bool IsBefore(const AsideSet& a, const AsideSet& b) {
  return std::make_tuple(IsSet(a), a.mtime, std::string_view(a.token)) >
         std::make_tuple(IsSet(b), b.mtime, std::string_view(b.token));
}

void AddToSet(const ListedFile& file, CheckpointPart part, AsideSet* set) {
  switch (part) {
    case CheckpointPart::kData:
      set->data.push_back(file.name);
      return;
    case CheckpointPart::kIndex:
      set->index = file.name;
      set->mtime = file.mtime;
      return;
    case CheckpointPart::kV1:
      set->v1 = file.name;
      if (set->is_v1()) set->mtime = file.mtime;
  }
}

// Every token's files; first, sorted by age, those that are a set, the newest
// first, then those without an index.
std::vector<AsideSet> GroupByToken(std::string_view base,
                                   const std::vector<ListedFile>& files) {
  std::map<std::string, AsideSet> by_token;
  for (const ListedFile& file : files) {
    const auto name = ParseMarkedName(base, file.name);
    if (!name || name->mark != SaveMark::kAside) continue;
    AddToSet(file, name->part, &by_token[name->token]);
  }
  std::vector<AsideSet> sets;
  for (auto& [token, set] : by_token) {
    set.token = token;
    std::sort(set.data.begin(), set.data.end());
    sets.push_back(std::move(set));
  }
  std::sort(sets.begin(), sets.end(), IsBefore);
  return sets;
}

bool HasPlainName(std::string_view base, const std::vector<ListedFile>& files) {
  return std::any_of(files.begin(), files.end(), [&](const ListedFile& file) {
    return IsPlainName(base, file.name);
  });
}

bool IsRegular(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Something else may lie under a V2 checkpoint's bare prefix.
bool IsTable(const std::string& path) {
  try {
    const FileReader file(path);
    std::uint8_t magic[sizeof kTableMagic];
    if (file.size() < sizeof magic) return false;
    file.Read(file.size() - sizeof magic, magic);
    return HasTableMagic(magic);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<MarkedName> ParseMarkedName(std::string_view name) {
  if (name.size() < kMarkSize) return std::nullopt;
  const std::string_view plain = name.substr(0, name.size() - kMarkSize);
  std::string_view mark = name.substr(plain.size());
  if (!mark.starts_with(kTag)) return std::nullopt;
  mark.remove_prefix(kTag.size());
  const std::string_view token = mark.substr(0, kTokenSize);
  mark.remove_prefix(kTokenSize);
  if (!IsToken(token) || (mark != kTemporary && mark != kAside)) {
    return std::nullopt;
  }
  const auto [base, part] = ParsePartName(plain);
  if (base.empty()) return std::nullopt;
  return MarkedName{std::string(base), std::string(plain), std::string(token),
                    part,
                    mark == kAside ? SaveMark::kAside : SaveMark::kTemporary};
}

std::optional<MarkedName> ParseMarkedName(std::string_view base,
                                          std::string_view name) {
  if (!name.starts_with(base)) return std::nullopt;
  auto parsed = ParseMarkedName(name);
  if (!parsed || parsed->base != base) return std::nullopt;
  return parsed;
}

std::string MakeMarkedName(std::string_view plain, std::string_view token,
                           SaveMark mark) {
  std::string name(plain);
  name.append(kTag).append(token);
  return name.append(mark == SaveMark::kAside ? kAside : kTemporary);
}

std::optional<std::string> BaseOfAside(std::string_view name) {
  auto parsed = ParseMarkedName(name);
  if (!parsed || parsed->mark != SaveMark::kAside ||
      parsed->part == CheckpointPart::kData) {
    return std::nullopt;
  }
  return std::move(parsed->base);
}

bool IsFileOf(std::string_view base, std::string_view name) {
  if (!name.starts_with(base)) return false;
  return IsPlainName(base, name) || IsDataSuffix(name.substr(base.size())) ||
         ParseMarkedName(base, name).has_value();
}

std::vector<AsideSet> ListAsideSets(std::string_view base,
                                    const std::vector<ListedFile>& files) {
  std::vector<AsideSet> sets = GroupByToken(base, files);
  sets.erase(std::find_if_not(sets.begin(), sets.end(), IsSet), sets.end());
  return sets;
}

std::optional<AsideSet> FindAsideSet(std::string_view base,
                                     const std::vector<ListedFile>& files) {
  if (HasPlainName(base, files)) return std::nullopt;
  std::vector<AsideSet> sets = ListAsideSets(base, files);
  if (sets.empty()) return std::nullopt;
  return std::move(sets.front());
}

std::string ShardInSet(const AsideSet& set, std::string_view base,
                       std::int32_t shard, std::int32_t num_shards) {
  const std::string plain = DataName(std::string(base), shard, num_shards);
  std::string aside = MakeMarkedName(plain, set.token, SaveMark::kAside);
  const bool is_aside =
      std::binary_search(set.data.begin(), set.data.end(), aside);
  return is_aside ? aside : plain;
}

std::vector<std::string> AsideRemovalOrder(std::string_view base,
                                           const std::vector<ListedFile>& files,
                                           bool is_v1) {
  const std::vector<AsideSet> sets = GroupByToken(base, files);
  auto kept = sets.begin();
  if (!HasPlainName(base, files)) {
    kept = std::find_if(kept, sets.end(), [&](const AsideSet& set) {
      return !IsSet(set) || set.is_v1() == is_v1;
    });
  }
  const auto bare = std::find_if_not(kept, sets.end(), IsSet);
  std::vector<std::string> names;
  for (auto set = bare; set != kept;) {
    --set;
    if (!set->v1.empty()) names.push_back(set->v1);
    if (!set->index.empty()) names.push_back(set->index);
    names.insert(names.end(), set->data.begin(), set->data.end());
  }
  for (auto set = bare; set != sets.end(); ++set) {
    names.insert(names.end(), set->data.begin(), set->data.end());
  }
  return names;
}

std::vector<ListedFile> ListFilesOf(const std::string& prefix) {
  const std::string_view base = BaseOf(prefix);
  const std::string folder(FolderPartOf(prefix));
  std::vector<ListedFile> files;
  std::error_code error;
  const fs::path listed(folder.empty() ? "." : folder);
  for (fs::directory_iterator entry(listed, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::string path = folder + name;
    if (!IsFileOf(base, name) || !IsRegular(path)) continue;
    if (name == base && !IsTable(path)) continue;
    try {
      files.push_back({name, StatFile(path).mtime});
    } catch (const Error&) {
      continue;  // it vanished
    }
  }
  return files;
}

std::optional<AsideSet> FindAsideSet(const std::string& prefix) {
  if (IsRegular(IndexName(prefix))) return std::nullopt;
  return FindAsideSet(BaseOf(prefix), ListFilesOf(prefix));
}

std::optional<std::string> FindV1File(const std::string& prefix,
                                      const FileIdentity& identity) {
  if (IsFileAt(prefix, identity)) return prefix;
  const std::string folder(FolderPartOf(prefix));
  for (const AsideSet& set :
       ListAsideSets(BaseOf(prefix), ListFilesOf(prefix))) {
    if (set.v1.empty()) continue;
    std::string path = folder + set.v1;
    if (IsFileAt(path, identity)) return path;
  }
  return std::nullopt;
}

}  // namespace fastckpt::internal
