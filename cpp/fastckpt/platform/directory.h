// Directory: a folder held open, whose files are named relative to it.
//
// Work under way keeps to the folder it began in, whatever happens to the
// process's current directory or to the folder's own name meanwhile.
//
// Thread-safety: methods are const and safe to call from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fastckpt/platform/descriptor.h"

namespace fastckpt::internal {

class Directory {
 public:
  // What becomes of folders that are not there.
  enum class Missing { kMake, kRefuse };

  // Opens the folder, "" being the current one. Missing folders are made, their
  // parents too, or refused. Throws System.
  explicit Directory(std::string path, Missing missing = Missing::kMake);

  // Stays open as long as this lives.
  int descriptor() const { return descriptor_.get(); }
  // The path of a file of this folder, for messages.
  std::string PathOf(const std::string& name) const;

  // The names of everything in the folder but "." and "..". Throws System.
  std::vector<std::string> List() const;

  // kFile is a regular file, kOther a device, pipe or socket.
  enum class Kind { kNone, kFile, kFolder, kOther };

  // What is there under a name; links are followed.
  Kind KindOf(const std::string& name) const;
  // True if `name` is there and a folder, or is there and none. A symbolic link
  // counts as none.
  bool HasFolder(const std::string& name) const;
  bool HasFile(const std::string& name) const;

  // When a file was last written, in nanoseconds; nothing where none is.
  std::optional<std::int64_t> ModifiedAt(const std::string& name) const;
  // The last bytes of a file, `size` or fewer; none if it cannot be read.
  std::string ReadEnd(const std::string& name, std::size_t size) const;

  // Renames a file, over another if need be. Throws System that names `to`.
  void Rename(const std::string& from, const std::string& to) const;
  // Removes a file; false if the system refuses.
  bool Remove(const std::string& name) const;
  // Sets the file's time of change to now, if the system lets it.
  void Touch(const std::string& name) const;

  // Flushes the folder's entries, and those of the folders above in which the
  // constructor made folders, to the disk. Throws System.
  void Sync() const;

 private:
  void MakeMissing();

  std::string path_;
  std::vector<Descriptor> changed_parents_;
  Descriptor descriptor_;
};

}  // namespace fastckpt::internal
