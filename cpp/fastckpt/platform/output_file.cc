#include "fastckpt/platform/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/file_reader.h"
#include "fastckpt/platform/filesystem.h"
#include "fastckpt/platform/system_copy.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kCopySize = std::size_t{1} << 20;
constexpr int kMarkTries = 200;
constexpr std::chrono::milliseconds kMarkPause(1);

Descriptor Open(const Directory& directory, const std::string& name,
                int flags) {
  return Descriptor(
      openat(directory.descriptor(), name.c_str(), flags | O_CLOEXEC, 0666));
}

Descriptor Create(const Directory& directory, const std::string& temporary,
                  const std::string& target) {
  Descriptor created = Open(directory, temporary, O_RDWR | O_CREAT | O_EXCL);
  if (!created.IsOpen()) {
    ThrowSystem(errno, "cannot create the file", directory.PathOf(target));
  }
  return created;
}

// Marks a file as used until its descriptor is closed, where there are locks.
// Who removes litter holds the lock for the moment of it. Gives up in the end:
// a hard link shares its lock with the file that it is linked to.
void Mark(const Descriptor& file) {
  for (int i = 0; i < kMarkTries; ++i) {
    if (flock(file.get(), LOCK_SH | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK && errno != EINTR) return;
    std::this_thread::sleep_for(kMarkPause);
  }
}

bool IsUnder(const Directory& directory, const std::string& name,
             const Descriptor& file) {
  struct stat mine;
  struct stat named;
  return fstat(file.get(), &mine) == 0 &&
         fstatat(directory.descriptor(), name.c_str(), &named,
                 AT_SYMLINK_NOFOLLOW) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

// Makes a file and marks it as used; again, if it was taken for litter between.
template <typename MakeFile>
Descriptor MakeMarked(const Directory& directory, const std::string& name,
                      const MakeFile& make) {
  while (true) {
    Descriptor file = make();
    Mark(file);
    if (!file.IsOpen() || IsUnder(directory, name, file)) return file;
  }
}

// Gives what could not be written, errno then tells why.
ByteView WriteAll(const Descriptor& to, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(to.get(), bytes.data(), bytes.size(),
                                   static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return bytes;
}

void Copy(const FileReader& from, const OutputFile& to, std::uint64_t done) {
  std::vector<std::uint8_t> buffer(kCopySize);
  while (done < from.size()) {
    const std::span<std::uint8_t> part =
        std::span(buffer).first(static_cast<std::size_t>(
            std::min<std::uint64_t>(buffer.size(), from.size() - done)));
    from.Read(done, part);
    to.WriteAt(done, part);
    done += part.size();
  }
}

// A link is made by path, which may lead to another file by then.
void CheckSame(const FileReader& from, const Descriptor& linked) {
  struct stat mine;
  struct stat made;
  if (fstat(from.descriptor(), &mine) == 0 && linked.IsOpen() &&
      fstat(linked.get(), &made) == 0 && mine.st_dev == made.st_dev &&
      mine.st_ino == made.st_ino) {
    return;
  }
  ThrowCorruption(
      "the file was replaced while it was linked to; open the checkpoint again",
      Where{from.path(), {}, {}});
}

}  // namespace

OutputFile::OutputFile(std::shared_ptr<const Directory> directory,
                       std::string temporary, std::string target)
    : OutputFile(directory, temporary, target,
                 MakeMarked(*directory, temporary, [&] {
                   return Create(*directory, temporary, target);
                 })) {}

OutputFile::OutputFile(std::shared_ptr<const Directory> directory,
                       std::string temporary, std::string target,
                       Descriptor descriptor)
    : directory_(std::move(directory)),
      temporary_(std::move(temporary)),
      target_(std::move(target)),
      descriptor_(std::move(descriptor)) {}

std::unique_ptr<OutputFile> OutputFile::Duplicate(
    std::shared_ptr<const Directory> directory, std::string temporary,
    std::string target, const FileReader& from) {
  bool is_linked = false;
  Descriptor opened = MakeMarked(*directory, temporary, [&] {
    is_linked = linkat(AT_FDCWD, from.path().c_str(), directory->descriptor(),
                       temporary.c_str(), AT_SYMLINK_FOLLOW) == 0;
    return is_linked ? Open(*directory, temporary, O_RDONLY)
                     : Create(*directory, temporary, target);
  });
  std::unique_ptr<OutputFile> file(
      new OutputFile(std::move(directory), std::move(temporary),
                     std::move(target), std::move(opened)));
  if (is_linked) {
    CheckSame(from, file->descriptor_);
  } else {
    const int to = file->descriptor_.get();
    Copy(from, *file, CopyInSystem({from, 0, to, 0, from.size()}));
  }
  return file;
}

OutputFile::~OutputFile() {
  if (!is_moved_ && owner_.IsThis()) directory_->Remove(temporary_);
}

void OutputFile::WriteAt(std::uint64_t offset, ByteView bytes) const {
  const ByteView rest = WriteAll(descriptor_, offset, bytes);
  if (!rest.empty()) ThrowSystem(errno, "cannot write", path());
}

void OutputFile::WriteDirect(std::uint64_t offset, ByteView bytes) const {
  ByteView rest = bytes;
  if (direct_.IsOpen()) {
    rest = WriteAll(direct_, offset, bytes);
    // EINVAL: the disk's blocks are larger than we know.
    if (!rest.empty() && errno != EINVAL) {
      ThrowSystem(errno, "cannot write", path());
    }
  }
  WriteAt(offset + (bytes.size() - rest.size()), rest);
}

bool OutputFile::Share(const FileReader& from, std::uint64_t from_offset,
                       std::uint64_t offset, std::uint64_t size) const {
  if (!may_share_) return false;
  const SystemCopy copy{from, from_offset, descriptor_.get(), offset, size};
  if (ShareBlocks(copy)) return true;
  if (IsOnServer(copy.to) && CopyInSystem(copy) == size) return true;
  may_share_ = false;
  return false;
}

void OutputFile::AllowDirect() {
#ifdef __linux__
  const std::string kind = FilesystemOfFile(descriptor_.get());
  if (kind != "ext4" && kind != "xfs") return;
  direct_ = Open(*directory_, temporary_, O_WRONLY | O_DIRECT);
#endif
}

void OutputFile::ReadAt(std::uint64_t offset,
                        std::span<std::uint8_t> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        pread(descriptor_.get(), out.data() + done, out.size() - done,
              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowSystem(errno, "cannot read", path());
    if (got == 0) {
      ThrowCorruption("the file ends at byte " + std::to_string(offset + done) +
                          " while it is written",
                      Where{path(), offset, {}});
    }
    done += static_cast<std::size_t>(got);
  }
}

void OutputFile::StartWriteback([[maybe_unused]] std::uint64_t offset,
                                [[maybe_unused]] std::uint64_t size) const {
#ifdef __linux__
  sync_file_range(descriptor_.get(), static_cast<off64_t>(offset),
                  static_cast<off64_t>(size), SYNC_FILE_RANGE_WRITE);
#endif
}

void OutputFile::Sync() const {
  if (!descriptor_.IsOpen()) return;  // it was flushed if need be
  if (fsync(descriptor_.get()) != 0) {
    ThrowSystem(errno, "cannot flush the file to the disk", path());
  }
}

void OutputFile::TakeOver() {
  struct stat first;
  struct stat now;
  Descriptor file = Open(*directory_, temporary_, O_RDONLY | O_NOFOLLOW);
  if (!file.IsOpen() || fstat(file.get(), &now) != 0 ||
      fstat(descriptor_.get(), &first) != 0) {
    ThrowSystem(errno, "cannot open what was written for this file", path());
  }
  if (now.st_dev == first.st_dev && now.st_ino == first.st_ino) return;
  Mark(file);
  if (fchmod(file.get(), first.st_mode) != 0) {
    ThrowSystem(errno, "cannot set the mode of the file", path());
  }
  descriptor_ = std::move(file);
}

void OutputFile::Settle(bool sync) {
  if (sync) Sync();
  descriptor_.Reset();
}

void OutputFile::Move() {
  directory_->Rename(temporary_, target_);
  LetGo();
}

// The lock is held until the file has gone: who made it, and comes for its lock
// only now, then sees that. What has the name by now may be another file.
bool RemoveAbandoned(const Directory& directory, const std::string& name) {
  const Descriptor file =
      Open(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  return file.IsOpen() && flock(file.get(), LOCK_EX | LOCK_NB) == 0 &&
         IsUnder(directory, name, file) && directory.Remove(name);
}

}  // namespace fastckpt::internal
