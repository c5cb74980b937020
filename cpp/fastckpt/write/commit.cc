#include "fastckpt/write/commit.h"

#include <optional>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/name_lock.h"
#include "fastckpt/table/table_format.h"
#include "fastckpt/v2/aside_set.h"
#include "fastckpt/v2/index_header.h"
#include "fastckpt/write/exchange.h"
#include "fastckpt/write/replaceable.h"
#include "fastckpt/write/save_name.h"

namespace fastckpt::internal {
namespace {

namespace fs = std::filesystem;

std::string CheckedBaseOf(const std::string& prefix) {
  std::string base = SaveNameOf(prefix);
  if (base.empty()) {
    ThrowInvalid("the prefix " + Quote(prefix) +
                 " names a folder; add a name for the checkpoint");
  }
  return base;
}

bool IsLockOfNumbered(const std::string& base, const std::string& name) {
  const std::string head = base + '-';
  const std::string tail = LockName("");
  if (name.size() <= head.size() + tail.size()) return false;
  if (!name.starts_with(head) || !name.ends_with(tail)) return false;
  const std::string_view number = std::string_view(name).substr(
      head.size(), name.size() - head.size() - tail.size());
  return number.find_first_not_of("0123456789") == std::string_view::npos;
}

class HeldNameLock : public HeldLock {
 public:
  HeldNameLock(const Directory& directory, const std::string& name,
               const Interrupt& interrupted)
      : lock_(directory.descriptor(), name, directory.PathOf(name),
              interrupted) {}
  bool is_held() const override { return lock_.is_held(); }

 private:
  NameLock lock_;
};

class FolderOnDisk : public ExchangeFolder {
 public:
  FolderOnDisk(const Directory& directory, fs::path path, Interrupt interrupted)
      : directory_(directory),
        path_(std::move(path)),
        interrupted_(std::move(interrupted)) {}

  std::unique_ptr<HeldLock> Lock(const std::string& name) override {
    return std::make_unique<HeldNameLock>(directory_, name, interrupted_);
  }
  std::vector<ListedFile> List(const std::string& base) override;
  bool HasFile(const std::string& name) override {
    return directory_.HasFile(name);
  }
  std::optional<std::int32_t> CountShards(const std::string& name) override {
    return fastckpt::internal::CountShards(path_ / name);
  }
  void Rename(const std::string& from, const std::string& to) override {
    directory_.Rename(from, to);
  }
  bool Remove(const std::string& name) override {
    return directory_.Remove(name);
  }
  bool RemoveAbandoned(const std::string& name) override {
    return fastckpt::internal::RemoveAbandoned(directory_, name);
  }
  void Touch(const std::string& name) override { directory_.Touch(name); }
  void Sync() override { directory_.Sync(); }

 private:
  bool IsTable(const std::string& name) const;

  const Directory& directory_;
  const fs::path path_;
  Interrupt interrupted_;
};

// Something else may lie under a V2 checkpoint's bare prefix.
bool FolderOnDisk::IsTable(const std::string& name) const {
  return HasTableMagic(AsBytes(directory_.ReadEnd(name, kFooterSize)));
}

std::vector<ListedFile> FolderOnDisk::List(const std::string& base) {
  std::vector<ListedFile> files;
  for (std::string& name : directory_.List()) {
    if (!IsFileOf(base, name)) continue;
    if (name == base && !IsTable(name)) continue;
    if (directory_.KindOf(name) == Directory::Kind::kOther) continue;
    const auto time = directory_.ModifiedAt(name);
    if (time) files.push_back({std::move(name), *time});
  }
  return files;
}

}  // namespace

Commit::Commit(const std::string& prefix, std::string_view last,
               bool may_replace)
    : base_(CheckedBaseOf(prefix)),
      token_(MakeToken()),
      may_replace_(may_replace) {
  const std::string folder = FolderOf(prefix);
  path_ = fs::absolute(folder.empty() ? "." : folder);
  directory_ = std::make_shared<const Directory>(folder);
  CheckTarget(last);
}

void Commit::CheckTarget(std::string_view suffix) const {
  const std::string name = NameOf(suffix);
  CheckMayReplace(*directory_, name, path_ / name,
                  suffix.empty()           ? CheckpointPart::kV1
                  : suffix == kIndexEnding ? CheckpointPart::kIndex
                                           : CheckpointPart::kData);
}

void Commit::CheckOwner() const {
  if (owner_.IsThis()) return;
  ThrowInvalid("this writer belongs to the process that began it");
}

std::string Commit::NameOf(std::string_view suffix) const {
  return base_ + std::string(suffix);
}

std::unique_ptr<OutputFile> Commit::Create(std::string_view suffix) const {
  CheckTarget(suffix);
  const std::string target = NameOf(suffix);
  return std::make_unique<OutputFile>(
      directory_, MakeMarkedName(target, token_, SaveMark::kTemporary), target);
}

std::unique_ptr<OutputFile> Commit::Duplicate(std::string_view suffix,
                                              const FileReader& source) const {
  CheckTarget(suffix);
  const std::string target = NameOf(suffix);
  return OutputFile::Duplicate(
      directory_, MakeMarkedName(target, token_, SaveMark::kTemporary), target,
      source);
}

void Commit::Finish(const std::vector<OutputFile*>& files, bool sync,
                    std::size_t threads, const Interrupt& interrupted) {
  if (sync) {
    ParallelFor(files.size(), threads,
                [&](std::size_t i) { files[i]->Sync(); });
  }
  FolderOnDisk folder(*directory_, path_, interrupted);
  std::vector<NewFile> names;
  for (const OutputFile* file : files) {
    names.push_back({file->temporary(), file->target()});
  }
  const auto let_go = [&] {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (!names[i].is_moved) continue;
      files[i]->LetGo();
      // What could not be undone the next save knows by the index.
      files.back()->LetGo();
    }
  };
  try {
    Exchange(&folder, base_, token_).Run(&names, sync, may_replace_);
  } catch (...) {
    let_go();
    throw;
  }
  let_go();
}

struct PrefixLock::State {
  State(const std::string& prefix, const Interrupt& interrupted)
      : base(CheckedBaseOf(prefix)),
        directory(FolderOf(prefix), Directory::Missing::kRefuse),
        folder(directory, FolderOf(prefix), interrupted),
        lock(folder.Lock(LockName(base))) {}

  std::string base;
  Directory directory;
  FolderOnDisk folder;
  std::unique_ptr<HeldLock> lock;
};

PrefixLock::PrefixLock(const std::string& prefix,
                       const Interrupt& interrupted) {
  try {
    state_ = std::make_unique<State>(prefix, interrupted);
  } catch (const Error& error) {
    if (!HasCode(error, std::errc::no_such_file_or_directory) &&
        !HasCode(error, std::errc::not_a_directory)) {
      throw;
    }
  }
}

PrefixLock::~PrefixLock() = default;

void PrefixLock::RemoveAbandoned() const {
  if (!state_) return;
  Exchange(&state_->folder, state_->base, MakeToken()).RemoveAbandoned();
}

void RemoveFreeLocks(const std::string& prefix) {
  try {
    const Directory directory(FolderOf(prefix), Directory::Missing::kRefuse);
    const std::string base = CheckedBaseOf(prefix);
    for (const std::string& name : directory.List()) {
      if (!IsLockOfNumbered(base, name)) continue;
      RemoveFreeLock(directory.descriptor(), name);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kSystem) throw;
  }
}

}  // namespace fastckpt::internal
