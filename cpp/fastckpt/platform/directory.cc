#include "fastckpt/platform/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

// Not open, and errno set, if the system refuses.
Descriptor OpenFolder(const std::string& path) {
  const char* name = path.empty() ? "." : path.c_str();
  return Descriptor(open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

std::string ParentOf(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path;
  const std::size_t slash = path.find_last_of('/', end);
  if (slash == std::string::npos) return "";
  return path.substr(0, slash == 0 ? 1 : slash);
}

void SyncFolder(const Descriptor& folder, const std::string& path) {
  // EINVAL: a file system whose folders need no flush, or know none.
  if (fsync(folder.get()) != 0 && errno != EINVAL) {
    ThrowSystem(errno, "cannot flush the folder to the disk", path);
  }
}

struct CloseStream {
  void operator()(DIR* stream) const { closedir(stream); }
};
using Stream = std::unique_ptr<DIR, CloseStream>;

// A stream of its own: descriptors that share a position would disturb each
// other's listing.
Stream OpenStream(const Descriptor& folder, const std::string& path) {
  const int descriptor =
      openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) ThrowSystem(errno, "cannot list the folder", path);
  Stream stream(fdopendir(descriptor));
  if (stream == nullptr) {
    const int code = errno;
    close(descriptor);
    ThrowSystem(code, "cannot list the folder", path);
  }
  return stream;
}

bool IsDot(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

Directory::Directory(std::string path, Missing missing)
    : path_(std::move(path)), descriptor_(OpenFolder(path_)) {
  if (!descriptor_.IsOpen() && errno == ENOENT && missing == Missing::kMake) {
    MakeMissing();
    descriptor_ = OpenFolder(path_);
  }
  if (!descriptor_.IsOpen()) {
    ThrowSystem(errno, "cannot open the folder", path_);
  }
}

void Directory::MakeMissing() {
  std::vector<std::string> missing;
  for (std::string at = path_; !at.empty(); at = ParentOf(at)) {
    if (access(at.c_str(), F_OK) == 0) break;
    missing.push_back(at);
  }
  for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
    if (mkdir(folder->c_str(), 0777) != 0 && errno != EEXIST) {
      ThrowSystem(errno, "cannot make the folder", *folder);
    }
    Descriptor parent = OpenFolder(ParentOf(*folder));
    if (parent.IsOpen()) changed_parents_.push_back(std::move(parent));
  }
}

std::string Directory::PathOf(const std::string& name) const {
  if (path_.empty()) return name;
  return path_.back() == '/' ? path_ + name : path_ + '/' + name;
}

std::vector<std::string> Directory::List() const {
  const Stream stream = OpenStream(descriptor_, path_);
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    if (!IsDot(entry->d_name)) names.emplace_back(entry->d_name);
  }
  if (errno != 0) ThrowSystem(errno, "cannot list the folder", path_);
  return names;
}

Directory::Kind Directory::KindOf(const std::string& name) const {
  struct stat info;
  if (fstatat(descriptor(), name.c_str(), &info, 0) != 0) return Kind::kNone;
  if (S_ISDIR(info.st_mode)) return Kind::kFolder;
  return S_ISREG(info.st_mode) ? Kind::kFile : Kind::kOther;
}

bool Directory::HasFile(const std::string& name) const {
  struct stat info;
  return fstatat(descriptor(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         !S_ISDIR(info.st_mode);
}

bool Directory::HasFolder(const std::string& name) const {
  struct stat info;
  return fstatat(descriptor(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(info.st_mode);
}

std::optional<std::int64_t> Directory::ModifiedAt(
    const std::string& name) const {
  constexpr std::int64_t kSecond = 1'000'000'000;
  struct stat info;
  if (fstatat(descriptor(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      S_ISDIR(info.st_mode)) {
    return std::nullopt;
  }
#ifdef __APPLE__
  const timespec& time = info.st_mtimespec;
#else
  const timespec& time = info.st_mtim;
#endif
  return time.tv_sec * kSecond + time.tv_nsec;
}

std::string Directory::ReadEnd(const std::string& name,
                               std::size_t size) const {
  const Descriptor file(
      openat(descriptor(), name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat info;
  if (!file.IsOpen() || fstat(file.get(), &info) != 0) return "";
  if (!S_ISREG(info.st_mode)) return "";
  std::string end(std::min(size, static_cast<std::size_t>(info.st_size)), '\0');
  const auto offset = info.st_size - static_cast<off_t>(end.size());
  const ssize_t got = pread(file.get(), end.data(), end.size(), offset);
  end.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return end;
}

void Directory::Rename(const std::string& from, const std::string& to) const {
  if (renameat(descriptor(), from.c_str(), descriptor(), to.c_str()) != 0) {
    ThrowSystem(errno, "cannot rename " + Quote(from) + " to this name",
                PathOf(to));
  }
}

bool Directory::Remove(const std::string& name) const {
  return unlinkat(descriptor(), name.c_str(), 0) == 0;
}

void Directory::Touch(const std::string& name) const {
  utimensat(descriptor(), name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

void Directory::Sync() const {
  SyncFolder(descriptor_, path_);
  for (const Descriptor& parent : changed_parents_) SyncFolder(parent, path_);
}

}  // namespace fastckpt::internal
