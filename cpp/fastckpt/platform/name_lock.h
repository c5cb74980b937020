// NameLock: an exclusive advisory lock on a name in a folder.
//
// A file of that name is there while the lock is held or waited for, and is
// removed at the end. Whoever gets the lock of a file looks whether it is still
// the one under the name, for its last holder may have removed it. What a
// holder that was killed left behind is taken over and removed by the next.
//
// Thread-safety: one thread for each object. Threads exclude each other as
// processes do. A forked child does not hold what its parent holds.
//
// Source: flock(2).
#pragma once

#include <string>

#include "fastckpt/platform/parallel.h"
#include "fastckpt/platform/process.h"

namespace fastckpt::internal {

class NameLock {
 public:
  // Waits as long as the holder lives, asking `interrupted` now and then.
  // `folder` is a descriptor that stays open, `path` stands for the file in
  // messages. Throws System, and Interrupted.
  NameLock(int folder, std::string name, const std::string& path,
           const Interrupt& interrupted);
  ~NameLock() { Release(); }
  NameLock(const NameLock&) = delete;
  NameLock& operator=(const NameLock&) = delete;

  // False where the file system has no such locks, and after Release.
  bool is_held() const { return is_held_; }

  // Ends it, as the destructor does; a second time it does nothing.
  void Release();

 private:
  void Open(const std::string& path);
  void Close();
  bool IsUnderName() const;

  int folder_;
  std::string name_;
  int descriptor_ = -1;
  bool is_held_ = false;
  OwnProcess owner_;
};

// Removes the file of a lock that nobody holds: what a killed holder left. Who
// is about to take it tries anew. A file with content stays.
void RemoveFreeLock(int folder, const std::string& name);

}  // namespace fastckpt::internal
