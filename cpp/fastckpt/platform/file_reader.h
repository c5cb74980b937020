// FileReader: a regular file opened for reading at any offset.
//
// Thread-safety: all methods are const and safe to call from many threads;
// they share no file position, so a forked child may use them as well.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

// What tells one file from its replacement. `mtime` is in nanoseconds.
struct FileIdentity {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// The time of a file's last change, which tells whether it was written since.
// An open file's device and inode stay, and another size is an error.
using FileStamp = std::uint64_t;

// Stats a path. Throws System (ENOENT ...).
FileIdentity StatFile(const std::string& path);

// True if a path leads to the file with this identity now.
bool IsFileAt(const std::string& path, const FileIdentity& identity);

class FileReader {
 public:
  // Never blocks: a FIFO, socket, device or directory is a System error.
  explicit FileReader(std::string path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // The path that it was opened by, whatever lies there now.
  const std::string& path() const { return path_; }
  std::uint64_t size() const { return identity_.size; }  // when opened
  const FileIdentity& identity() const { return identity_; }
  int descriptor() const { return descriptor_; }

  // Throws Corruption if the file's size is no longer what it was.
  void CheckSize() const;
  // The same; gives what tells whether anything was written to the file.
  FileStamp CheckStamp() const;

  // Fills `out` from `offset`. Throws Corruption if the file ends before, and
  // System if the system reports an error.
  void Read(std::uint64_t offset, std::span<std::uint8_t> out) const;

 private:
  void Compare(std::uint64_t now) const;

  std::string path_;
  int descriptor_;
  FileIdentity identity_;
};

}  // namespace fastckpt::internal
