// FileReader: a regular file, or a remote object, opened for reading at any
// offset.
//
// Thread-safety: all methods are const and safe to call from many threads;
// they share no file position, so a forked child may use them as well.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/file_identity.h"
#include "fastckpt/platform/remote_file.h"

namespace fastckpt::internal {

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
  // An object that lies elsewhere; whether it was replaced is found beside each
  // read, so that the checks below ask nobody.
  FileReader(std::string path, std::shared_ptr<const RangeFetcher> fetcher);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // The path that it was opened by, whatever lies there now.
  const std::string& path() const { return path_; }
  std::uint64_t size() const { return identity_.size; }  // when opened
  const FileIdentity& identity() const { return identity_; }
  // -1 of a remote object.
  int descriptor() const { return descriptor_; }
  // Null of a file of this machine.
  const RemoteFile* remote() const { return remote_ ? &*remote_ : nullptr; }

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
  std::optional<RemoteFile> remote_;
};

}  // namespace fastckpt::internal
