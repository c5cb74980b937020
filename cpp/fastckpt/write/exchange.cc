#include "fastckpt/write/exchange.h"

#include <algorithm>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/shard_name.h"
#include "fastckpt/write/save_name.h"

namespace fastckpt::internal {
namespace {

std::string NameOf(const MarkedName& parts) {
  return MakeMarkedName(parts.plain, parts.token, parts.mark);
}

bool IsData(const std::string& base, const std::string& name) {
  return IsDataSuffix(std::string_view(name).substr(base.size()));
}

// Nothing for a name that no shard has.
std::optional<std::int32_t> ShardCountOf(const std::string& name) {
  const auto parts = ParseShardName(name);
  if (!parts) return std::nullopt;
  return parts->num_shards;
}

bool IsGone(const Error& error, ExchangeFolder* folder,
            const std::string& name) {
  return HasCode(error, std::errc::no_such_file_or_directory) &&
         !folder->HasFile(name);
}

}  // namespace

void Exchange::Run(std::vector<NewFile>* files, bool sync, bool may_replace) {
  std::vector<MarkedName> litter;
  {
    const std::unique_ptr<HeldLock> lock = folder_.Lock(LockName(base_));
    if (!may_replace) CheckFree(*files);
    PutBack(sync, lock->is_held());
    if (lock->is_held()) ForgetIndexes();
    FindOld(*files);
    try {
      SetAside(sync);
      GiveNames(files, sync);
    } catch (...) {
      Undo(files);
      throw;
    }
    if (sync) folder_.Sync();
    litter = ForgetOld(lock->is_held());
  }
  Sweep(std::move(litter));
}

void Exchange::CheckFree(const std::vector<NewFile>& files) {
  const auto refuse = [](const std::string& name) {
    ThrowSystem(std::errc::file_exists, "nothing is replaced here", name);
  };
  // Whatever it is, and whoever's.
  for (const NewFile& file : files) {
    if (folder_.HasFile(file.target)) refuse(file.target);
  }
  for (const ListedFile& file : folder_.List(base_)) {
    const auto marked = ParseMarkedName(base_, file.name);
    if (marked && marked->mark == SaveMark::kTemporary) continue;
    refuse(file.name);
  }
}

// A kill leaves a set that counts: the index comes last. A V1 file beside it
// would count alone, so it comes after.
void Exchange::PutBack(bool sync, bool is_held) {
  const std::vector<ListedFile> files = folder_.List(base_);
  const auto set = FindAsideSet(base_, files);
  if (is_held) TakeBackNew(set, files);
  if (!set) return;
  for (const std::string& name : set->data) {
    folder_.Rename(name, ParseMarkedName(base_, name)->plain);
  }
  if (sync && !set->data.empty()) folder_.Sync();
  const std::string& last = set->name();
  folder_.Rename(last, ParseMarkedName(base_, last)->plain);
  if (sync) folder_.Sync();
}

// Of data files of another number than the set's those that have no temporary
// name any more are the killed save's, where no other ended since: its index
// tells. With that name they are litter that is swept, and never again taken
// for what the set is put back with.
void Exchange::TakeBackNew(const std::optional<AsideSet>& set,
                           const std::vector<ListedFile>& files) {
  std::set<std::string> names;
  for (const ListedFile& file : files) names.insert(file.name);
  if (!set && names.contains(IndexName(base_))) return;
  std::optional<std::int32_t> old_count;
  if (set) old_count = folder_.CountShards(set->name());
  if (set && !set->is_v1() && !old_count) return;
  for (const std::string& name : names) {
    const auto parts = ParseMarkedName(base_, name);
    if (!parts || parts->mark != SaveMark::kTemporary) continue;
    if (parts->part != CheckpointPart::kIndex) continue;
    if (set && parts->token != set->token) continue;
    const auto count = folder_.CountShards(name);
    if (count && count != old_count) TakeBack(names, parts->token, *count);
  }
}

void Exchange::TakeBack(const std::set<std::string>& names,
                        const std::string& token, std::int32_t count) {
  for (const std::string& name : names) {
    if (!IsData(base_, name) || ShardCountOf(name) != count) continue;
    std::string temporary = MakeMarkedName(name, token, SaveMark::kTemporary);
    if (!names.contains(temporary)) folder_.Rename(name, temporary);
  }
}

// With data files of the new checkpoint under their names, an index that was
// left from before could pass for theirs.
void Exchange::ForgetIndexes() {
  const std::vector<ListedFile> files = folder_.List(base_);
  const std::string index = IndexName(base_);
  const auto is_index = [&](const ListedFile& f) { return f.name == index; };
  if (std::none_of(files.begin(), files.end(), is_index)) return;
  for (const ListedFile& file : files) {
    const auto parts = ParseMarkedName(base_, file.name);
    if (parts && parts->mark == SaveMark::kAside) Forget(file.name, *parts);
  }
}

// An index is removed. A V1 file was set aside for the time of the exchange
// alone, and has its name back unless another took it. False for an index that
// cannot be removed.
bool Exchange::Forget(const std::string& name, const MarkedName& parts) {
  if (parts.part == CheckpointPart::kIndex) {
    return folder_.Remove(name) || !folder_.HasFile(name);
  }
  if (parts.part != CheckpointPart::kV1) return true;
  if (folder_.HasFile(parts.plain)) {
    folder_.Remove(name);
  } else {
    folder_.Rename(name, parts.plain);
  }
  return true;
}

// The index before the data: without it they are no checkpoint. Before it a V1
// file, for as soon as the index has gone it would count.
void Exchange::FindOld(const std::vector<NewFile>& files) {
  old_.clear();
  bool has_index = false;
  bool has_v1 = false;
  std::set<std::string> targets;
  for (const NewFile& file : files) targets.insert(file.target);
  const auto count = folder_.CountShards(IndexName(base_));
  for (const ListedFile& file : folder_.List(base_)) {
    const std::string_view suffix =
        std::string_view(file.name).substr(base_.size());
    has_v1 |= suffix.empty();
    has_index |= suffix == kIndexEnding;
    if (!IsDataSuffix(suffix)) continue;
    const bool is_named = count && ShardCountOf(file.name) == count;
    if (is_named || targets.contains(file.name))
      old_.push_back({file.name, {}});
  }
  if (has_index) old_.insert(old_.begin(), {IndexName(base_), {}});
  if (has_index && has_v1) old_.insert(old_.begin(), {base_, {}});
  for (Old& old : old_) {
    old.aside = MakeMarkedName(old.name, token_, SaveMark::kAside);
  }
}

// What somebody removes meanwhile has not to be set aside.
void Exchange::SetAside(bool sync) {
  for (aside_count_ = 0; aside_count_ < old_.size();) {
    const Old& old = old_[aside_count_];
    try {
      folder_.Rename(old.name, old.aside);
      ++aside_count_;
    } catch (const Error& error) {
      if (!IsGone(error, &folder_, old.name)) throw;
      old_.erase(old_.begin() + static_cast<std::ptrdiff_t>(aside_count_));
    }
  }
  if (sync && !old_.empty()) folder_.Sync();
}

// Of sets that were left aside the newest counts: in the order of commits, not
// of their beginnings.
void Exchange::GiveNames(std::vector<NewFile>* files, bool sync) {
  folder_.Touch(files->back().temporary);
  for (NewFile& file : *files) {
    if (sync && &file == &files->back()) folder_.Sync();
    folder_.Rename(file.temporary, file.target);
    file.is_moved = true;
  }
}

// Ends at the first step that fails: an index must not come back to data that
// are not its own. What is left lies beside, set aside.
void Exchange::Undo(std::vector<NewFile>* files) {
  try {
    for (NewFile& file : *files) {
      if (!file.is_moved) continue;
      folder_.Rename(file.target, file.temporary);
      file.is_moved = false;
    }
    while (aside_count_ > 0) {
      const Old& old = old_[--aside_count_];
      folder_.Rename(old.aside, old.name);
    }
  } catch (const Error&) {
  }
}

// The checkpoint is in place: what cannot be removed is litter for the next
// save, not a failure of this one. Gives what may be removed without the lock;
// not the data of an index that stays, or it would stand for those of others.
std::vector<MarkedName> Exchange::ForgetOld(bool may_remove_others) {
  std::vector<MarkedName> others;
  std::set<std::string> kept;
  try {
    for (const ListedFile& file : folder_.List(base_)) {
      const auto parts = ParseMarkedName(base_, file.name);
      if (!parts) continue;
      if (!may_remove_others && parts->token != token_) continue;
      const bool is_aside = parts->mark == SaveMark::kAside;
      if (is_aside && !Forget(file.name, *parts)) kept.insert(parts->token);
      if (parts->mark == SaveMark::kTemporary &&
          parts->part == CheckpointPart::kIndex) {
        if (!folder_.RemoveAbandoned(file.name)) alive_.insert(parts->token);
      } else if (parts->mark == SaveMark::kTemporary ||
                 parts->part == CheckpointPart::kData) {
        others.push_back(*parts);
      }
    }
  } catch (const Error&) {
    return {};
  }
  std::erase_if(others, [&](const MarkedName& parts) {
    return parts.mark == SaveMark::kAside && kept.contains(parts.token);
  });
  return others;
}

void Exchange::RemoveAbandoned() {
  std::vector<MarkedName> litter;
  for (const ListedFile& file : folder_.List(base_)) {
    auto parts = ParseMarkedName(base_, file.name);
    if (!parts || parts->mark != SaveMark::kTemporary) continue;
    litter.push_back(std::move(*parts));
  }
  Sweep(std::move(litter));
}

// Of a save of very many files only some are marked as used, its index always:
// where one of a token is in the making, all are.
void Exchange::Sweep(std::vector<MarkedName> litter) {
  std::stable_partition(litter.begin(), litter.end(), [](const MarkedName& a) {
    return a.part == CheckpointPart::kIndex;
  });
  for (const MarkedName& parts : litter) {
    if (parts.mark == SaveMark::kAside) {
      folder_.Remove(NameOf(parts));
    } else if (!alive_.contains(parts.token) &&
               !folder_.RemoveAbandoned(NameOf(parts))) {
      alive_.insert(parts.token);
    }
  }
}

}  // namespace fastckpt::internal
