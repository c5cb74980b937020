// Replacement: puts the files of a checkpoint in the place of another's.
//
//   1  the new files are written under temporary names and flushed
//   2  the old index is set aside, then the old data files
//   3  the new data files get their names, the new index last
//   4  what was set aside is removed, and the litter of saves that were killed
//
// The folder is flushed between the steps. A failure up to the last renaming
// undoes the steps. A kill leaves the old checkpoint, the new one, or neither
// name, with the old files set aside; the next Commit under the prefix removes
// them in its step 4 and never before.
//
// A temporary file is called TARGET.fastckpt-XXXXXXXX.tmp, one that was set
// aside NAME.fastckpt-XXXXXXXX.old; XXXXXXXX is common to one replacement.
//
// Thread-safety: one thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/platform/directory.h"
#include "fastckpt/platform/output_file.h"

namespace fastckpt {

class FileReader;

class Replacement {
 public:
  // `last` is the suffix of the file that makes the checkpoint be there, such
  // as ".index"; a folder of that name is refused at once. Throws System, and
  // Invalid if the prefix names a folder only.
  Replacement(const std::string& prefix, std::string_view last);

  // Throws Invalid in a forked child: the files are its parent's.
  void CheckOwner() const;

  // Creates the file that is to become prefix + suffix, empty or with the
  // content of another. Throws System.
  std::unique_ptr<OutputFile> Create(std::string_view suffix) const;
  std::unique_ptr<OutputFile> Duplicate(std::string_view suffix,
                                        const FileReader& source) const;

  // Does all the rest, with `files` in the order of renaming; `sync` false
  // leaves out all flushes. Throws System, the old files back in place and the
  // new ones under their temporary names; only a failure of the last flush
  // leaves the new checkpoint where it is.
  void Commit(const std::vector<OutputFile*>& files, bool sync,
              std::size_t threads);

 private:
  struct Old {
    std::string name;
    std::string aside;
  };

  std::string TemporaryName(std::string_view suffix) const;
  void Exchange(const std::vector<OutputFile*>& files, bool sync);
  void FindOld();
  void SetAside(bool sync);
  void Undo(const std::vector<OutputFile*>& files);
  void Sweep() const;
  bool IsLitter(const std::string& name) const;

  std::shared_ptr<const Directory> directory_;
  std::string base_;
  std::string tag_;  // ".fastckpt-XXXXXXXX"
  pid_t owner_;
  std::vector<Old> old_;
  std::size_t aside_count_ = 0;
};

}  // namespace fastckpt
