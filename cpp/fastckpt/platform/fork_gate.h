// ForkGate: keeps a fork from cutting through the opening of a file.
//
// A fork copies the table of descriptors before it copies the memory. A file
// that another thread opens in between is known to the child's memory, by a
// number that means nothing in the child or, later, another file. So a fork
// waits for the openings under way, and those that come wait for the fork.
//
// Thread-safety: any number of gates at once, in any thread.
// Source: copy_process() in Linux's kernel/fork.c; pthread_atfork(3).
#pragma once

namespace fastckpt::internal {

// Held for one system call. The holder's thread must not fork.
class ForkGate {
 public:
  // Waits for a fork under way; the destructor lets forks go on.
  ForkGate();
  ~ForkGate();
  ForkGate(const ForkGate&) = delete;
  ForkGate& operator=(const ForkGate&) = delete;
};

}  // namespace fastckpt::internal
