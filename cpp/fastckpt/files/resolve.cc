#include "fastckpt/files/resolve.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "fastckpt/base/bytes.h"
#include "fastckpt/base/error.h"
#include "fastckpt/platform/data_file.h"
#include "fastckpt/proto/checkpoint_state.h"
#include "fastckpt/v1/v1_reader.h"
#include "fastckpt/v2/aside_set.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

namespace fs = std::filesystem;
using Found = std::optional<CheckpointFiles>;

constexpr std::string_view kStateName = "checkpoint";
// Far above any real state file; a larger file is not looked into.
constexpr std::uint64_t kMaxStateBytes = std::uint64_t{4} << 20;

bool IsFile(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string FolderOf(const std::string& path) {
  return std::string(FolderPartOf(path));
}

std::string BaseNameOf(const std::string& path) {
  return std::string(BaseOf(path));
}

std::string InFolder(const std::string& folder, std::string_view name) {
  const std::string slash = folder.empty() || folder.back() == '/' ? "" : "/";
  return folder + slash + std::string(name);
}

// Sorted.
std::set<std::string> NamesIn(const std::string& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder.empty() ? "." : folder, error), end;
       !error && entry != end; entry.increment(error)) {
    names.insert(entry->path().filename().string());
  }
  if (error) ThrowSystem(error.value(), "cannot list the folder", folder);
  return names;
}

bool IsV1File(const std::string& path) {
  try {
    return IsV1Table(DataFile(path, IoMode::kRead));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCorruption) return false;
    throw;
  }
}

// All shards of a V1 checkpoint, of which one is known.
CheckpointFiles WholeV1Set(const std::string& folder, ShardName shard) {
  const std::string count = ShardName{"", 0, shard.num_shards}.Format();
  CheckpointFiles found{true,
                        InFolder(folder, shard.stem) + "-?????" +
                            count.substr(count.find("-of-")),
                        {}};
  for (shard.shard = 0; shard.shard < shard.num_shards; ++shard.shard) {
    const std::string path = InFolder(folder, shard.Format());
    // One that is missing ends the loop, however many the name speaks of.
    if (!IsFile(path)) {
      ThrowSystem(std::errc::no_such_file_or_directory,
                  "a V1 shard is missing, copy it here too", path);
    }
    found.v1_files.push_back(path);
  }
  return found;
}

Found FindV1Shards(const std::string& prefix) {
  const std::string folder = FolderOf(prefix);
  if (!folder.empty() && !IsFolder(folder)) return std::nullopt;
  std::set<std::int32_t> counts;
  ShardName shard;
  for (const std::string& name : NamesIn(folder)) {
    const auto parts = ParseShardName(name);
    if (!parts || parts->stem != BaseNameOf(prefix)) continue;
    counts.insert(parts->num_shards);
    shard = *parts;
  }
  if (counts.empty()) return std::nullopt;
  if (counts.size() > 1) {
    ThrowSystem(std::errc::no_such_file_or_directory,
                "several sets of V1 shards have this name; name a shard",
                prefix);
  }
  return WholeV1Set(folder, shard);
}

Found FindV1(const std::string& path) {
  if (!IsFile(path) || !IsV1File(path)) return std::nullopt;
  const auto shard = ParseShardName(BaseNameOf(path));
  if (shard) return WholeV1Set(FolderOf(path), *shard);
  return CheckpointFiles{true, path, {path}};
}

// What a save that was killed set aside.
Found FindAside(const std::string& prefix) {
  const std::optional<AsideSet> set = FindAsideSet(prefix);
  if (!set) return std::nullopt;
  if (!set->is_v1()) return CheckpointFiles{false, prefix, {}};
  return CheckpointFiles{true, prefix, {InFolder(FolderOf(prefix), set->v1)}};
}

// The checkpoint of exactly this name.
Found FindPrefix(const std::string& prefix) {
  if (IsFile(IndexName(prefix))) return CheckpointFiles{false, prefix, {}};
  if (Found found = FindV1(prefix)) return found;
  if (Found found = FindV1Shards(prefix)) return found;
  return FindAside(prefix);
}

// The prefixes of which a file may be a part by its name.
std::vector<std::string> WholesOf(const std::string& path) {
  constexpr std::string_view kMeta = ".meta";
  if (path.ends_with(kMeta)) {
    const std::string stem = path.substr(0, path.size() - kMeta.size());
    return {stem, stem + ".ckpt"};
  }
  const auto [base, part] = ParsePartName(path);
  if (part == CheckpointPart::kV1) return {};
  return {std::string(base)};
}

std::optional<CheckpointState> ReadState(const std::string& path) {
  if (!IsFile(path)) return std::nullopt;
  const DataFile file(path, IoMode::kRead);
  const Where where{path, {}, {}};
  if (file.size() > kMaxStateBytes) {
    ThrowCorruption("the state file is larger than 4 MiB", where);
  }
  Scratch content;
  file.Fetch(0, static_cast<std::size_t>(file.size()), &content);
  return WithContext(where, [&] {
    CheckpointState state =
        ParseCheckpointState(AsText(ByteView(content)).substr(0, file.size()));
    if (state.model_checkpoint_path.empty()) {
      ThrowCorruption("it sets no model_checkpoint_path");
    }
    return state;
  });
}

// A state file's name for a checkpoint: relative to the file's folder, or
// beside the file if the folder was moved.
std::string LocateIn(const std::string& folder, const std::string& written) {
  const bool is_absolute = written.starts_with('/');
  std::string path = is_absolute ? written : InFolder(folder, written);
  if (!is_absolute || FindPrefix(path)) return path;
  std::string beside = InFolder(folder, BaseNameOf(written));
  return FindPrefix(beside) ? beside : path;
}

CheckpointFiles FollowState(const CheckpointState& state,
                            const std::string& path) {
  const std::string prefix =
      LocateIn(FolderOf(path), state.model_checkpoint_path);
  if (Found found = FindPrefix(prefix)) return *found;
  ThrowSystem(
      std::errc::no_such_file_or_directory,
      "the state file " + Quote(path) + " names a checkpoint that is not there",
      prefix);
}

// The checkpoints that a folder's names tell of, V2 ones and sets of V1 shards,
// and then V1 files by their content.
std::vector<CheckpointFiles> CheckpointsIn(const std::string& folder) {
  std::vector<CheckpointFiles> found;
  const std::set<std::string> names = NamesIn(folder);
  for (const std::string& name : names) {
    const auto [base, part] = ParsePartName(name);
    if (part == CheckpointPart::kIndex && !base.empty()) {
      found.push_back({false, InFolder(folder, base), {}});
    }
  }
  if (!found.empty()) return found;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const Found v1 = FindV1(InFolder(folder, name));
    if (v1 && seen.insert(v1->prefix).second) found.push_back(*v1);
  }
  return found;
}

CheckpointFiles FindInFolder(const std::string& folder) {
  const std::string state_path = InFolder(folder, kStateName);
  if (const auto state = ReadState(state_path)) {
    return FollowState(*state, state_path);
  }
  const Found saved_model = FindPrefix(InFolder(folder, "variables/variables"));
  if (saved_model) return *saved_model;
  const std::vector<CheckpointFiles> found = CheckpointsIn(folder);
  if (found.size() == 1) return found.front();
  const std::string what =
      found.empty()
          ? "no checkpoint"
          : std::to_string(found.size()) + " checkpoints, among them " +
                Quote(BaseNameOf(found.front().prefix)) + "; name one of them";
  ThrowSystem(std::errc::no_such_file_or_directory,
              "the folder has no state file 'checkpoint' and no variables/, "
              "and holds " +
                  what,
              folder);
}

}  // namespace

CheckpointFiles ResolveCheckpoint(const std::string& path) {
  if (IsFolder(path) && !IsFile(IndexName(path))) return FindInFolder(path);
  if (Found found = FindPrefix(path)) return *found;
  for (const std::string& whole : WholesOf(path)) {
    if (Found found = FindPrefix(whole)) return *found;
  }
  if (!IsFile(path)) {
    ThrowSystem(std::errc::no_such_file_or_directory,
                "no checkpoint: looked for " + Quote(BaseNameOf(path)) +
                    " with '.index', as a V1 file and as V1 shards",
                path);
  }
  try {
    return FollowState(*ReadState(path), path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorruption ||
        BaseNameOf(path) == kStateName) {
      throw;
    }
  }
  ThrowCorruption("the file is no checkpoint", Where{path, {}, {}});
}

}  // namespace fastckpt::internal
