// FileReplacement: one file that is complete or not there at all.
//
// It is written beside its target, flushed and renamed over it: whoever looks
// finds the old file or the new one. No lock is needed for that. What a process
// that was killed left beside this very file is removed then.
//
// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/directory.h"
#include "fastckpt/platform/output_file.h"

namespace fastckpt::internal {

class FileReplacement {
 public:
  // Makes an empty file beside `path`. Missing folders are made, or refused.
  // Throws System, also if what has the name is no file: a folder, or a device
  // or pipe, which others use; Invalid for a name like those of our own files.
  FileReplacement(const std::string& path, Directory::Missing missing);

  // The file's path until it has its name. Anybody may write to it, or put
  // another file there.
  std::string path() const;

  // Writes the content of the file, all of it. Throws System.
  void Write(ByteView content) const;

  // Writes a part of it. Throws System.
  void WriteAt(std::uint64_t offset, ByteView part) const;

  // Gives the file its name; `sync`: file and folder are on the disk then.
  // Throws System; only the failure to flush the folder leaves the new file.
  void Finish(bool sync);

 private:
  void Sweep() const;

  const std::string name_;
  std::shared_ptr<const Directory> directory_;
  std::unique_ptr<OutputFile> file_;
};

}  // namespace fastckpt::internal
