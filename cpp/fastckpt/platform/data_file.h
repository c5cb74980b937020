// DataFile: bytes of one file, from a mapping, by pread or from elsewhere.
//
// The ways differ in nothing for the caller but where fetched bytes lie:
// in the mapping, or in the caller's scratch memory.
//
// Thread-safety: all methods are const and safe to call from many threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/file_reader.h"
#include "fastckpt/platform/mapped_file.h"

namespace fastckpt::internal {

enum class IoMode { kMap, kRead };

using Scratch = std::vector<std::uint8_t>;

// One file, open for as long as this lives.
class DataFile {
 public:
  // Opens the file, and maps it under IoMode::kMap. Throws System.
  DataFile(std::string path, IoMode mode);
  // An object that lies elsewhere. Throws as RangeFetcher::Open.
  DataFile(std::string path, std::shared_ptr<const RangeFetcher> fetcher)
      : file_(std::move(path), std::move(fetcher)) {}

  // Its name, and its size in bytes, when it was opened.
  const std::string& path() const { return file_.path(); }
  std::uint64_t size() const { return file_.size(); }
  const FileReader& file() const { return file_; }
  // Null of a file of this machine.
  const RemoteFile* remote() const { return file_.remote(); }
  // Null under IoMode::kRead, and of remote objects.
  const std::shared_ptr<const MappedFile>& mapping() const { return mapping_; }

  // Throws Corruption unless [offset, offset + size) lies in the file as it was
  // opened; file().CheckSize() tells whether it still is that long.
  void CheckRange(std::uint64_t offset, std::uint64_t size) const;

  // The bytes at a range that CheckRange accepted: a view of the mapping, or
  // of `*scratch`, which is made large enough.
  ByteView Fetch(std::uint64_t offset, std::size_t size,
                 Scratch* scratch) const;

  // The same, never a view of the mapping.
  ByteView Read(std::uint64_t offset, std::size_t size, Scratch* scratch) const;

 private:
  FileReader file_;
  std::shared_ptr<const MappedFile> mapping_;
};

}  // namespace fastckpt::internal
