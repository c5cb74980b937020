// OutputFile: a file being written beside its target, under a temporary name.
//
// Until it has its name the file belongs to this object, which removes it when
// it dies. While it lives it holds the file's advisory lock; by that others
// know a file in the making from litter of a process that was killed. Between
// its creation and its lock a file looks like litter: if it was removed there,
// it is created again.
//
// Thread-safety: const methods may be called from many threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/descriptor.h"
#include "fastckpt/platform/directory.h"
#include "fastckpt/platform/process.h"

namespace fastckpt::internal {

class FileReader;

// What direct writing asks of offsets, sizes and addresses: the largest block
// that disks are made with.
constexpr std::uint64_t kDirectAlignment = 4096;

class OutputFile {
 public:
  // Creates `temporary`, which must not exist, to become `target`; messages
  // speak of the target. Throws System.
  OutputFile(std::shared_ptr<const Directory> directory, std::string temporary,
             std::string target);
  // The same, with the content of an open file: by a hard link or a copy,
  // whichever the file systems allow first. Throws System, and Corruption if
  // another file has its path by now.
  static std::unique_ptr<OutputFile> Duplicate(
      std::shared_ptr<const Directory> directory, std::string temporary,
      std::string target, const FileReader& source);
  // Removes the file unless it was moved.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // The path that the file is to have.
  std::string path() const { return directory_->PathOf(target_); }

  // Writes all of `bytes` at `offset`. Throws System.
  void WriteAt(std::uint64_t offset, ByteView bytes) const;

  // The same, past the page cache where AllowDirect found that possible.
  // REQUIRES: offset, size and address are multiples of kDirectAlignment.
  void WriteDirect(std::uint64_t offset, ByteView bytes) const;

  // Makes a range of the file one with that of another: by common blocks, or by
  // a copy on the server of a network file system. False, with the range in any
  // state, where that is not to be had.
  bool Share(const FileReader& from, std::uint64_t from_offset,
             std::uint64_t offset, std::uint64_t size) const;

  // Makes WriteDirect what it says, on file systems of local disks.
  void AllowDirect();

  // Fills `out` with what is in the file at `offset`. Throws System, and
  // Corruption if the file ends before.
  void ReadAt(std::uint64_t offset, std::span<std::uint8_t> out) const;

  // Asks the system to begin writing a range to the disk, so that a later Sync
  // finds little left to do. Failures show at Sync.
  void StartWriteback(std::uint64_t offset, std::uint64_t size) const;

  // Returns when the bytes are on the disk. Throws System.
  void Sync() const;

  // Goes on with the file that lies under the temporary name now, whoever put
  // it there, with the mode of the first. Throws System.
  void TakeOver();

  // Closes the file, which is complete, and flushes it before if `sync` asks
  // for that: of many files only a few can be open at once. From here on it
  // is known to be in the making by the index of the same save alone.
  void Settle(bool sync);

  // Renames the file to its target, over another file if need be. Throws
  // System.
  void Move();

  // For who renames it otherwise. Once let go the file is not removed.
  const std::string& temporary() const { return temporary_; }
  const std::string& target() const { return target_; }
  void LetGo() { is_moved_ = true; }

 private:
  OutputFile(std::shared_ptr<const Directory> directory, std::string temporary,
             std::string target, Descriptor descriptor);

  std::shared_ptr<const Directory> directory_;
  std::string temporary_;
  std::string target_;
  Descriptor descriptor_;
  Descriptor direct_;  // open for direct writing, or not at all
  mutable std::atomic<bool> may_share_{true};  // false once it did not work
  bool is_moved_ = false;
  // A forked child has a copy of this object, but the file is not its own.
  OwnProcess owner_;
};

// Removes a file unless some live OutputFile may be writing it: where there are
// no locks, nobody knows, and it stays. True if it was removed.
bool RemoveAbandoned(const Directory& directory, const std::string& name);

}  // namespace fastckpt::internal
