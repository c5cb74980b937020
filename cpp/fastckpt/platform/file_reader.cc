#include "fastckpt/platform/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/fork_gate.h"

namespace fastckpt::internal {
namespace {

FileIdentity ToIdentity(const struct stat& info) {
#ifdef __APPLE__
  const timespec& time = info.st_mtimespec;
#else
  const timespec& time = info.st_mtim;
#endif
  return {
      static_cast<std::uint64_t>(info.st_ino),
      static_cast<std::uint64_t>(info.st_size),
      static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec};
}

// Opening a FIFO without O_NONBLOCK would wait for a writer.
int OpenForReading(const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    ThrowInvalid("a path cannot hold a NUL byte");
  }
  int descriptor;
  do {
    const ForkGate gate;
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) ThrowSystem(errno, "cannot open", path);
  return descriptor;
}

void CheckRegular(const struct stat& info, const std::string& path) {
  if (S_ISREG(info.st_mode)) return;
  if (S_ISDIR(info.st_mode)) ThrowSystem(EISDIR, "cannot read", path);
  ThrowSystem(EINVAL, "not a regular file", path);
}

}  // namespace

FileIdentity StatFile(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) ThrowSystem(errno, "cannot stat", path);
  return ToIdentity(info);
}

bool IsFileAt(const std::string& path, const FileIdentity& identity) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && ToIdentity(info) == identity;
}

FileReader::FileReader(std::string path)
    : path_(std::move(path)), descriptor_(OpenForReading(path_)) {
  try {
    struct stat info;
    if (fstat(descriptor_, &info) != 0) {
      ThrowSystem(errno, "cannot stat", path_);
    }
    CheckRegular(info, path_);
    identity_ = ToIdentity(info);
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

FileReader::FileReader(std::string path,
                       std::shared_ptr<const RangeFetcher> fetcher)
    : path_(std::move(path)), descriptor_(-1) {
  remote_.emplace(path_, std::move(fetcher));
  identity_ = remote_->identity();
}

FileReader::~FileReader() {
  if (descriptor_ >= 0) close(descriptor_);
}

// Of the calls that tell a file's size lseek is the fastest by far, and on
// network file systems it asks the server. Nobody reads from the position.
void FileReader::CheckSize() const {
  if (remote_) return;
  const off_t end = lseek(descriptor_, 0, SEEK_END);
  if (end < 0) ThrowSystem(errno, "cannot find the end", path_);
  Compare(static_cast<std::uint64_t>(end));
}

FileStamp FileReader::CheckStamp() const {
  if (remote_) return 0;
  struct stat info;
  if (fstat(descriptor_, &info) != 0) ThrowSystem(errno, "cannot stat", path_);
  Compare(static_cast<std::uint64_t>(info.st_size));
  return static_cast<FileStamp>(ToIdentity(info).mtime);
}

void FileReader::Compare(std::uint64_t now) const {
  if (now == size()) return;
  ThrowCorruption("the file had " + std::to_string(size()) +
                      " bytes when it was opened and has " +
                      std::to_string(now) + " now; open the checkpoint again",
                  Where{path_, {}, {}});
}

void FileReader::Read(std::uint64_t offset, std::span<std::uint8_t> out) const {
  if (remote_) return remote_->Read(offset, out);
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = pread(descriptor_, out.data() + done, out.size() - done,
                              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowSystem(errno, "cannot read", path_);
    if (got == 0) {
      ThrowCorruption("the file ends at byte " + std::to_string(offset + done) +
                          ", where " + std::to_string(out.size() - done) +
                          " more were expected; it was cut",
                      Where{path_, offset, {}});
    }
    done += static_cast<std::size_t>(got);
  }
}

}  // namespace fastckpt::internal
