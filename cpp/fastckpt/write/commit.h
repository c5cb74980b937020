// Commit: the files of a checkpoint on their way to its place.
//
// They are written under temporary names beside it and flushed; the Exchange
// gives them their own. Until then nobody sees anything.
//
// Thread-safety: one thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/platform/directory.h"
#include "fastckpt/platform/output_file.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/platform/process.h"

namespace fastckpt::internal {

class FileReader;

class Commit {
 public:
  // `last` is the suffix of the file that makes the checkpoint be there, such
  // as ".index"; what Create refuses there is refused at once. Throws System,
  // and Invalid if the prefix names a folder only or ends like a file of ours.
  // `may_replace` false: Finish throws System, file_exists, if by then anything
  // is there of a checkpoint of that prefix, or of one that a save set aside.
  Commit(const std::string& prefix, std::string_view last,
         bool may_replace = true);

  // Throws Invalid in a forked child: the files are its parent's.
  void CheckOwner() const;

  // Creates the file that is to become prefix + suffix, empty or with the
  // content of another. Throws System; also, as Invalid, for what
  // CheckMayReplace refuses under the name.
  std::unique_ptr<OutputFile> Create(std::string_view suffix) const;
  std::unique_ptr<OutputFile> Duplicate(std::string_view suffix,
                                        const FileReader& source) const;

  // Does all the rest, with `files` in the order of renaming; `sync` false
  // leaves out all flushes. Waits while another saves under the prefix. Throws
  // System, the old files back in place and the new ones under their temporary
  // names; only a failure of the last flush leaves the new checkpoint where it
  // is. Throws Interrupted, nothing changed, if `interrupted` ends the wait.
  void Finish(const std::vector<OutputFile*>& files, bool sync,
              std::size_t threads, const Interrupt& interrupted = nullptr);

 private:
  std::string NameOf(std::string_view suffix) const;
  void CheckTarget(std::string_view suffix) const;

  std::shared_ptr<const Directory> directory_;
  std::filesystem::path path_;  // the folder's, for who opens files by path
  std::string base_;
  std::string token_;
  bool may_replace_;
  OwnProcess owner_;
};

// Keeps saves, merges and removals of a prefix out while it lives, as a save
// does: for who removes its files. Makes no folder; where there is none, there
// is nothing to keep out of. Throws System, and Interrupted.
class PrefixLock {
 public:
  // Waits for its turn, until `interrupted` says no.
  PrefixLock(const std::string& prefix, const Interrupt& interrupted);
  ~PrefixLock();
  PrefixLock(const PrefixLock&) = delete;
  PrefixLock& operator=(const PrefixLock&) = delete;

  // Removes what saves of the prefix that were killed were writing.
  void RemoveAbandoned() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Removes the locks of PREFIX-NUMBER, of any number, that nobody holds: who was
// killed removing an old checkpoint left it, and that name is used no more.
// What cannot be removed stays.
void RemoveFreeLocks(const std::string& prefix);

}  // namespace fastckpt::internal
