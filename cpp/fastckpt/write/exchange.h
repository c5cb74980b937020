// Exchange: gives new files the names of a checkpoint, in place of the old one.
//
// Under the lock of the prefix:
//
//   0  where nothing may be replaced that is looked at, and it ends here
//   1  a set that a killed save set aside, where it counts as the checkpoint,
//      is put back: its data files, then its index; before them what that save
//      put there under names that the set has not gets back its temporary name
//   2  indexes that are still aside, and count no more, are removed: never can
//      one of them pass for that of other data
//   3  the old index is set aside, then the data files that it counts, and
//      those whose names the new ones get; before them a V1 file, where both
//      are there, which would count in between
//   4  the new data files get their names, the new index last
//   5  what was set aside is removed, indexes first, then the indexes that
//      killed saves were writing: they tell 1 what these put there
//
// Then, without the lock, the data files that were set aside and the temporary
// files of saves that were killed: nobody takes them for anything. Data files
// of another number that no index names stay: of a checkpoint that has lost its
// index they may be all that is left. The folder
// is flushed between the steps. A failure up to the last renaming undoes steps
// 3 and 4. A kill leaves the old checkpoint or the new one in place, or the old
// one as an aside set (v2/aside_set.h). docs/writing.md has the table.
//
// Where there are no locks, files of another token are never removed.
//
// Thread-safety: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fastckpt/v2/aside_set.h"

namespace fastckpt::internal {

// A file by its two names.
struct NewFile {
  std::string temporary;
  std::string target;
  bool is_moved = false;
};

class HeldLock {
 public:
  virtual ~HeldLock() = default;  // releases it
  virtual bool is_held() const = 0;
};

// What the exchange asks of a folder; each call is one step, as others see it.
class ExchangeFolder {
 public:
  virtual ~ExchangeFolder() = default;
  virtual std::unique_ptr<HeldLock> Lock(const std::string& name) = 0;
  // The files that are named as a checkpoint `base` names its own, plain or
  // marked. A file of that very name only if it is a V1 checkpoint.
  virtual std::vector<ListedFile> List(const std::string& base) = 0;
  virtual bool HasFile(const std::string& name) = 0;
  // How many data files an index counts; nothing if it is none, or damaged.
  virtual std::optional<std::int32_t> CountShards(const std::string& name) = 0;
  virtual void Rename(const std::string& from, const std::string& to) = 0;
  virtual bool Remove(const std::string& name) = 0;
  // Removes a file in the making whose maker is dead.
  virtual bool RemoveAbandoned(const std::string& name) = 0;
  // Lets a file be the newest.
  virtual void Touch(const std::string& name) = 0;
  virtual void Sync() = 0;
};

class Exchange {
 public:
  // `token`: eight hexadecimal digits that no other save has.
  Exchange(ExchangeFolder* folder, std::string base, std::string token)
      : folder_(*folder), base_(std::move(base)), token_(std::move(token)) {}

  // `files` in the order of renaming, last the one that makes the checkpoint be
  // there. Throws System, the old files back in place and none of the new ones
  // moved; only a failure of the last flush leaves the new checkpoint where it
  // is. `may_replace` false: System, file_exists, for any file of the prefix
  // but those that saves are writing.
  void Run(std::vector<NewFile>* files, bool sync, bool may_replace = true);

  // Removes what saves that were killed were writing.
  void RemoveAbandoned();

 private:
  struct Old {
    std::string name;
    std::string aside;
  };

  void CheckFree(const std::vector<NewFile>& files);
  void PutBack(bool sync, bool is_held);
  void TakeBackNew(const std::optional<AsideSet>& set,
                   const std::vector<ListedFile>& files);
  void TakeBack(const std::set<std::string>& names, const std::string& token,
                std::int32_t count);
  void ForgetIndexes();
  void FindOld(const std::vector<NewFile>& files);
  void SetAside(bool sync);
  void GiveNames(std::vector<NewFile>* files, bool sync);
  void Undo(std::vector<NewFile>* files);
  std::vector<MarkedName> ForgetOld(bool may_remove_others);
  bool Forget(const std::string& name, const MarkedName& parts);
  void Sweep(std::vector<MarkedName> litter);

  ExchangeFolder& folder_;
  const std::string base_;
  const std::string token_;
  std::vector<Old> old_;
  std::size_t aside_count_ = 0;
  std::set<std::string> alive_;  // tokens of saves that are under way
};

}  // namespace fastckpt::internal
