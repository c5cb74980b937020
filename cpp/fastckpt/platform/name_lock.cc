#include "fastckpt/platform/name_lock.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/descriptor.h"
#include "fastckpt/platform/fork_gate.h"

namespace fastckpt::internal {
namespace {

using Milliseconds = std::chrono::milliseconds;
constexpr Milliseconds kShortestPause(1);
constexpr Milliseconds kLongestPause(50);

constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
// For everybody, whatever the umask: others who save here may have to take over
// what a killed holder left.
constexpr mode_t kMode = 0666;

// A lock lives as long as any copy of its descriptor. A forked child would keep
// its killed parent's, so it closes the copies. Changed within a ForkGate only:
// no fork finds them half changed.
std::mutex mutex;
std::vector<int> open_locks;

void CloseInChild() {
  for (const int descriptor : open_locks) close(descriptor);
  open_locks.clear();
}

[[maybe_unused]] const int closing_registered =
    pthread_atfork(nullptr, nullptr, CloseInChild);

// Somebody else's may be open to reading alone.
int OpenThere(int folder, const char* name) {
  const int descriptor = openat(folder, name, O_RDWR | kFlags);
  if (descriptor >= 0 || errno != EACCES) return descriptor;
  return openat(folder, name, O_RDONLY | kFlags);
}

int Make(int folder, const char* name) {
  const int descriptor =
      openat(folder, name, O_RDWR | O_CREAT | O_EXCL | kFlags, kMode);
  if (descriptor >= 0) fchmod(descriptor, kMode);
  return descriptor;
}

// Two steps: in shared folders O_CREAT refuses a file that is another user's.
int OpenOrMake(int folder, const char* name) {
  while (true) {
    int descriptor = OpenThere(folder, name);
    if (descriptor >= 0 || errno != ENOENT) return descriptor;
    descriptor = Make(folder, name);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
}

// False where there are no locks.
bool LockWhenFree(int descriptor, const Interrupt& interrupted) {
  for (Milliseconds pause = kShortestPause;
       flock(descriptor, LOCK_EX | LOCK_NB) != 0;) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return false;
    if (interrupted && interrupted()) throw Interrupted{};
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
  return true;
}

// True while the file has the name. Opened anew: a network file
// system may answer from memory until then.
bool IsUnder(int folder, const std::string& name, int descriptor,
             struct stat* mine) {
  const Descriptor now(openat(folder, name.c_str(), O_RDONLY | kFlags));
  struct stat named;
  return now.IsOpen() && fstat(descriptor, mine) == 0 &&
         fstat(now.get(), &named) == 0 && mine->st_dev == named.st_dev &&
         mine->st_ino == named.st_ino;
}

// A file with content is somebody's own that happens to bear the name.
void RemoveIfMine(int folder, const std::string& name, int descriptor) {
  struct stat info;
  if (IsUnder(folder, name, descriptor, &info) && info.st_size == 0) {
    unlinkat(folder, name.c_str(), 0);
  }
}

}  // namespace

NameLock::NameLock(int folder, std::string name, const std::string& path,
                   const Interrupt& interrupted)
    : folder_(folder), name_(std::move(name)) {
  try {
    do {
      Close();
      Open(path);
      is_held_ = LockWhenFree(descriptor_, interrupted);
    } while (is_held_ && !IsUnderName());
  } catch (...) {
    Close();
    throw;
  }
  if (!is_held_) {
    unlinkat(folder_, name_.c_str(), 0);
    Close();
  }
}

void NameLock::Open(const std::string& path) {
  const ForkGate gate;
  const std::lock_guard<std::mutex> lock(mutex);
  open_locks.push_back(-1);
  descriptor_ = open_locks.back() = OpenOrMake(folder_, name_.c_str());
  if (descriptor_ >= 0) return;
  const int code = errno;
  open_locks.pop_back();
  ThrowSystem(code, "cannot lock the name of what is to be saved", path);
}

void NameLock::Close() {
  if (descriptor_ < 0 || !owner_.IsThis()) return;
  const ForkGate gate;
  const std::lock_guard<std::mutex> lock(mutex);
  std::erase(open_locks, descriptor_);
  close(std::exchange(descriptor_, -1));
}

bool NameLock::IsUnderName() const {
  struct stat mine;
  return IsUnder(folder_, name_, descriptor_, &mine);
}

// Removed while it is held: nobody can hold it yet.
void NameLock::Release() {
  if (!std::exchange(is_held_, false) || !owner_.IsThis()) return;
  RemoveIfMine(folder_, name_, descriptor_);
  flock(descriptor_, LOCK_UN);
  Close();
}

// No fork meanwhile: the child would hold the lock on.
void RemoveFreeLock(int folder, const std::string& name) {
  const ForkGate gate;
  const Descriptor file(OpenThere(folder, name.c_str()));
  if (!file.IsOpen() || flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
  RemoveIfMine(folder, name, file.get());
}

}  // namespace fastckpt::internal
