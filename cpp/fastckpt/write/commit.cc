#include "fastckpt/write/commit.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/parallel.h"

namespace fastckpt {
namespace {

constexpr std::string_view kTag = ".fastckpt-";
constexpr std::size_t kTokenSize = 8;
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kAside = ".old";
constexpr std::string_view kIndex = ".index";

bool TakeText(std::string_view* text, std::string_view wanted) {
  if (!text->starts_with(wanted)) return false;
  text->remove_prefix(wanted.size());
  return true;
}

// At least as many digits as shard names have.
bool TakeDigits(std::string_view* text) {
  constexpr std::size_t kMinDigits = 5;
  const std::size_t digits =
      std::min(text->find_first_not_of("0123456789"), text->size());
  text->remove_prefix(digits);
  return digits >= kMinDigits;
}

// ".data-00000-of-00001" or the same with other numbers.
bool TakeDataSuffix(std::string_view* text) {
  return TakeText(text, ".data-") && TakeDigits(text) &&
         TakeText(text, "-of-") && TakeDigits(text);
}

bool IsDataSuffix(std::string_view suffix) {
  return TakeDataSuffix(&suffix) && suffix.empty();
}

bool TakeToken(std::string_view* text) {
  if (text->size() < kTokenSize) return false;
  const std::string_view token = text->substr(0, kTokenSize);
  text->remove_prefix(kTokenSize);
  return token.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// True for names this room makes: a suffix of a checkpoint's file, the tag.
bool IsOurs(std::string_view suffix, std::string_view ending) {
  std::string_view rest = suffix;
  if (!TakeText(&rest, kIndex) && !TakeDataSuffix(&rest)) rest = suffix;
  return TakeText(&rest, kTag) && TakeToken(&rest) && rest == ending;
}

std::string MakeTag() {
  std::random_device random;
  return std::string(kTag) + Hex32(random()).substr(2);
}

std::string FolderOf(const std::string& prefix) {
  const std::size_t slash = prefix.find_last_of('/');
  if (slash == std::string::npos) return "";
  return prefix.substr(0, slash == 0 ? 1 : slash);
}

std::string BaseOf(const std::string& prefix) {
  if (prefix.find('\0') != std::string::npos) {
    ThrowInvalid("a path cannot hold a NUL byte");
  }
  std::string base = prefix.substr(prefix.find_last_of('/') + 1);
  if (base.empty()) {
    ThrowInvalid("the prefix " + Quote(prefix) +
                 " names a folder; add a name for the checkpoint");
  }
  return base;
}

}  // namespace

Replacement::Replacement(const std::string& prefix, std::string_view last)
    : base_(BaseOf(prefix)), tag_(MakeTag()), owner_(getpid()) {
  directory_ = std::make_shared<const Directory>(FolderOf(prefix));
  const std::string target = base_ + std::string(last);
  if (directory_->HasFolder(target)) {
    ThrowSystem(EISDIR, "a folder is in the way", directory_->PathOf(target));
  }
}

void Replacement::CheckOwner() const {
  if (owner_ == getpid()) return;
  ThrowInvalid("this writer belongs to the process that began it");
}

std::string Replacement::TemporaryName(std::string_view suffix) const {
  std::string name = base_;
  name.append(suffix).append(tag_).append(kTemporary);
  return name;
}

// The lock: between creation and its own lock a file looks abandoned.
std::unique_ptr<OutputFile> Replacement::Create(std::string_view suffix) const {
  const DirectoryLock lock(*directory_);
  return std::make_unique<OutputFile>(directory_, TemporaryName(suffix),
                                      base_ + std::string(suffix));
}

std::unique_ptr<OutputFile> Replacement::Duplicate(
    std::string_view suffix, const FileReader& source) const {
  const DirectoryLock lock(*directory_);
  return OutputFile::Duplicate(directory_, TemporaryName(suffix),
                               base_ + std::string(suffix), source);
}

void Replacement::Commit(const std::vector<OutputFile*>& files, bool sync,
                         std::size_t threads) {
  if (sync) {
    ParallelFor(files.size(), threads,
                [&](std::size_t i) { files[i]->Sync(); });
  }
  const DirectoryLock lock(*directory_);
  FindOld();
  try {
    Exchange(files, sync);
  } catch (...) {
    Undo(files);
    throw;
  }
  if (sync) directory_->Sync();
  Sweep();
}

void Replacement::Exchange(const std::vector<OutputFile*>& files, bool sync) {
  SetAside(sync);
  for (OutputFile* file : files) {
    if (sync && file == files.back()) directory_->Sync();
    file->Move();
  }
}

// The index first: without it the data files are no checkpoint.
void Replacement::FindOld() {
  old_.clear();
  for (const std::string& name : directory_->List()) {
    if (!name.starts_with(base_)) continue;
    const std::string_view suffix = std::string_view(name).substr(base_.size());
    if (suffix != kIndex && !IsDataSuffix(suffix)) continue;
    if (!directory_->HasFile(name)) continue;
    old_.push_back({name, name + tag_ + std::string(kAside)});
    if (suffix == kIndex) std::swap(old_.front(), old_.back());
  }
}

void Replacement::SetAside(bool sync) {
  for (aside_count_ = 0; aside_count_ < old_.size(); ++aside_count_) {
    const Old& old = old_[aside_count_];
    directory_->Rename(old.name, old.aside);
  }
  if (sync && !old_.empty()) directory_->Sync();
}

// Ends at the first step that fails: an index must not come back to data that
// are not its own. What is left lies beside, set aside.
void Replacement::Undo(const std::vector<OutputFile*>& files) {
  try {
    for (OutputFile* file : files) file->MoveBack();
    while (aside_count_ > 0) {
      const Old& old = old_[--aside_count_];
      directory_->Rename(old.aside, old.name);
    }
  } catch (const Error&) {
  }
}

// The checkpoint is in place: what cannot be removed is litter for the next
// save, not a failure of this one.
void Replacement::Sweep() const {
  try {
    for (const std::string& name : directory_->List()) {
      if (IsLitter(name)) directory_->Remove(name);
    }
  } catch (const Error&) {
  }
}

bool Replacement::IsLitter(const std::string& name) const {
  if (!name.starts_with(base_)) return false;
  const std::string_view suffix = std::string_view(name).substr(base_.size());
  return IsOurs(suffix, kAside) ||
         (IsOurs(suffix, kTemporary) && IsAbandoned(*directory_, name));
}

}  // namespace fastckpt
