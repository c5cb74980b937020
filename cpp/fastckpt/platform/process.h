// Process: which process this is, across forks.
//
// A forked child has copies of all objects, of which some are its parent's
// alone: files in the making, locks, threads that wait.
//
// Thread-safety: safe.
// Source: pthread_atfork(3).
#pragma once

#include <cstdint>

namespace fastckpt::internal {

// The process that something was made in.
class OwnProcess {
 public:
  // That of the caller.
  OwnProcess();
  // False in a forked child.
  bool IsThis() const;

 private:
  std::int64_t id_;
};

// How many forks this process is away from the one that loaded the library.
std::uint32_t ForkCount();

}  // namespace fastckpt::internal
