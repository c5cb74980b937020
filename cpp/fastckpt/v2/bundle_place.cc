#include "fastckpt/v2/bundle_place.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/aside_set.h"
#include "fastckpt/v2/shard_family.h"
#include "fastckpt/v2/shard_name.h"

namespace fastckpt::internal {
namespace {

// The first, and three again.
constexpr int kLooks = 4;

// After a look at what was being moved, which takes a save a few milliseconds.
void Pause(int look) {
  if (look + 1 == kLooks) return;
  std::this_thread::sleep_for(std::chrono::milliseconds(1 << (2 * look)));
}

bool IsMissing(const Error& error) {
  return HasCode(error, std::errc::no_such_file_or_directory);
}

[[noreturn]] void ThrowBusy(std::string path) {
  ThrowSystem(std::errc::device_or_resource_busy,
              "saves under this prefix moved it each of the " +
                  std::to_string(kLooks) +
                  " times it was looked for; try again",
              std::move(path));
}

std::string AsidePath(const BundlePlace& place, const std::string& plain) {
  return MakeMarkedName(plain, place.token, SaveMark::kAside);
}

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

std::optional<BundlePlace> FindSetPlace(const std::string& prefix) {
  auto set = FindAsideSet(prefix);
  if (!set || set->is_v1()) return std::nullopt;
  return BundlePlace{prefix, std::move(set->token)};
}

std::optional<PlacedIndex> TryOpenIndex(const BundlePlace& place,
                                        std::uint64_t max_bytes,
                                        std::optional<Error>* missing) {
  try {
    return PlacedIndex{place, BundleIndex(place.IndexPath(), max_bytes)};
  } catch (const Error& error) {
    if (!IsMissing(error)) throw;
    if (!*missing) *missing = error;
    return std::nullopt;
  }
}

// The index and its shards move in this order:
//
//   aside   plain index, shards; then new shards get the plain names
//   back    shards, over new ones, and the index last
//   removal the index aside, then its shards
//
// A shard opened under its plain name is the index's own if thereafter the
// index still lies where it was found, then no shard of its token is aside,
// then the plain name still is the file that was opened, then the index still
// lies there. For a plain index: at the first look all its shards had their
// plain names, so the file that still has the name is one of them. For one
// aside, whose name is used once: without a shard aside this one either was
// never moved or was put back already, for it cannot have been removed before
// its index; what has the plain name now is the index's in both cases. (Saves
// of fastckpt 0.1 removed in any order, but only beside their new index.)
bool IsOwn(const ShardOfIndex& wanted, const BundlePlace& place,
           const DataFile& file) {
  const std::string index = place.IndexPath();
  const bool is_aside = !place.token.empty();
  return IsFileAt(index, wanted.index) &&
         !(is_aside && IsThere(AsidePath(place, file.path()))) &&
         !(is_aside && IsThere(IndexName(wanted.prefix))) &&
         IsFileAt(file.path(), file.file().identity()) &&
         IsFileAt(index, wanted.index);
}

// Null if the file opened may be another save's.
std::unique_ptr<DataFile> OpenIn(const ShardOfIndex& wanted,
                                 const BundlePlace& place, IoMode mode) {
  const std::string plain =
      DataName(wanted.prefix, wanted.shard, wanted.num_shards);
  if (!place.token.empty()) {
    try {
      return std::make_unique<DataFile>(AsidePath(place, plain), mode);
    } catch (const Error& error) {
      if (!IsMissing(error)) throw;
    }
  }
  auto file = std::make_unique<DataFile>(plain, mode);
  return IsOwn(wanted, place, *file) ? std::move(file) : nullptr;
}

// True if the checkpoint of another save is there, or on its way.
bool IsReplaced(const std::string& prefix) {
  const std::string_view base = BaseOf(prefix);
  const std::vector<ListedFile> files = ListFilesOf(prefix);
  return std::any_of(files.begin(), files.end(), [&](const ListedFile& file) {
    const auto name = ParseMarkedName(base, file.name);
    if (name) return name->part != CheckpointPart::kData;
    return !IsDataSuffix(std::string_view(file.name).substr(base.size()));
  });
}

// Tells a shard that is missing from one that is being moved.
bool IsGone(const ShardOfIndex& wanted, const BundlePlace& place) {
  return !IsThere(place.ShardPath(wanted.shard, wanted.num_shards)) &&
         IsFileAt(place.IndexPath(), wanted.index);
}

// What says where a set aside was looked for, too.
Error MissingShard(const ShardOfIndex& wanted, const BundlePlace& place,
                   const Error& error) {
  std::string message = error.message();
  if (!place.token.empty()) {
    const std::string plain =
        DataName(wanted.prefix, wanted.shard, wanted.num_shards);
    message += "; neither is " + AsidePath(place, plain) +
               ", where a save that was killed would have set it aside";
  }
  message += DescribeOtherFamilies(wanted.prefix, wanted.num_shards);
  return Error(error.kind(), std::move(message), error.where(),
               error.system_code());
}

}  // namespace

std::string BundlePlace::IndexPath() const {
  const std::string plain = IndexName(prefix);
  return token.empty() ? plain : AsidePath(*this, plain);
}

std::string BundlePlace::ShardPath(std::int32_t shard,
                                   std::int32_t num_shards) const {
  std::string plain = DataName(prefix, shard, num_shards);
  if (token.empty()) return plain;
  std::string aside = AsidePath(*this, plain);
  return IsThere(aside) ? aside : plain;
}

PlacedIndex OpenIndex(const std::string& prefix, std::uint64_t max_bytes,
                      const FileIdentity* wanted) {
  std::optional<Error> missing;
  bool was_aside = false;
  for (int look = 0; look < kLooks; ++look) {
    BundlePlace first{prefix, {}};
    if (wanted) first = FindPlace(prefix, *wanted).value_or(first);
    auto opened = TryOpenIndex(first, max_bytes, &missing);
    if (opened) return std::move(*opened);
    const auto place = FindSetPlace(prefix);
    if (!place) continue;
    was_aside = true;
    opened = TryOpenIndex(*place, max_bytes, &missing);
    if (opened) return std::move(*opened);
    Pause(look);
  }
  was_aside = was_aside || IsThere(IndexName(prefix)) || FindSetPlace(prefix);
  if (was_aside) ThrowBusy(IndexName(prefix));
  throw *missing;
}

std::optional<BundlePlace> FindPlace(const std::string& prefix,
                                     const FileIdentity& identity) {
  BundlePlace place{prefix, {}};
  if (IsFileAt(place.IndexPath(), identity)) return place;
  for (AsideSet& set : ListAsideSets(BaseOf(prefix), ListFilesOf(prefix))) {
    place.token = std::move(set.token);
    if (IsFileAt(place.IndexPath(), identity)) return place;
  }
  return std::nullopt;
}

void PauseBetweenLooks() { Pause(0); }

Error LostIndex(const std::string& prefix, const std::function<void()>& pause) {
  // Between two names, maybe: a listing is no picture of one moment.
  bool is_replaced = IsReplaced(prefix);
  for (int look = 1; look < kLooks && !is_replaced; ++look) {
    if (ListFilesOf(prefix).empty()) break;
    pause();
    is_replaced = IsReplaced(prefix);
  }
  if (is_replaced) {
    return Error(ErrorKind::kCorruption,
                 "the index was replaced since the checkpoint was opened; "
                 "open it again",
                 Where{IndexName(prefix), {}, {}});
  }
  return SystemError(std::errc::no_such_file_or_directory, "cannot stat",
                     IndexName(prefix));
}

std::unique_ptr<DataFile> OpenShard(const ShardOfIndex& wanted, IoMode mode) {
  std::optional<Error> missing;
  for (int look = 0; look < kLooks; ++look) {
    missing.reset();
    const auto place = FindPlace(wanted.prefix, wanted.index);
    if (!place) {
      missing = LostIndex(wanted.prefix);
      continue;
    }
    try {
      auto file = OpenIn(wanted, *place, mode);
      if (file) return file;
    } catch (const Error& error) {
      if (!IsMissing(error)) throw;
      if (IsGone(wanted, *place)) {
        missing = MissingShard(wanted, *place, error);
        continue;
      }
    }
    Pause(look);
  }
  if (missing) throw *missing;
  ThrowBusy(DataName(wanted.prefix, wanted.shard, wanted.num_shards));
}

}  // namespace fastckpt::internal
