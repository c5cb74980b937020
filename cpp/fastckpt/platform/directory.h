// Directory: a folder held open, whose files are named relative to it.
//
// Work under way keeps to the folder it began in, whatever happens to the
// process's current directory or to the folder's own name meanwhile.
//
// Thread-safety: methods are const and safe to call from many threads.
#pragma once

#include <string>
#include <vector>

#include "fastckpt/platform/descriptor.h"

namespace fastckpt {

class Directory {
 public:
  // Opens the folder, "" being the current one. Missing folders are made, their
  // parents too. Throws System.
  explicit Directory(std::string path);

  int descriptor() const { return descriptor_.get(); }
  // The path of a file of this folder, for messages.
  std::string PathOf(const std::string& name) const;

  // The names of everything in the folder but "." and "..". Throws System.
  std::vector<std::string> List() const;

  // True if `name` is there and a folder, or is there and none. A symbolic link
  // counts as none.
  bool HasFolder(const std::string& name) const;
  bool HasFile(const std::string& name) const;

  // Renames a file, over another if need be. Throws System that names `to`.
  void Rename(const std::string& from, const std::string& to) const;
  // Removes a file; false if the system refuses.
  bool Remove(const std::string& name) const;

  // Flushes the folder's entries, and those of the folders above in which the
  // constructor made folders, to the disk. Throws System.
  void Sync() const;

 private:
  void MakeMissing();

  std::string path_;
  std::vector<Descriptor> changed_parents_;
  Descriptor descriptor_;
};

// Holds the folder's advisory lock while it lives, so that two commits in one
// folder do not mix. Where the file system has no such locks it does nothing.
// Throws System (EWOULDBLOCK) if another holds the lock for long.
class DirectoryLock {
 public:
  explicit DirectoryLock(const Directory& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  const Directory& directory_;
};

}  // namespace fastckpt
