// Work in a forked child.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

namespace fastckpt::internal {

#if defined(__has_feature)
#define FASTCKPT_HAS_FEATURE(feature) __has_feature(feature)
#else
#define FASTCKPT_HAS_FEATURE(feature) 0
#endif

// A child forked while another thread allocates hangs under AddressSanitizer,
// whose allocator knows no fork, and ThreadSanitizer does not follow it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    FASTCKPT_HAS_FEATURE(address_sanitizer) ||                       \
    FASTCKPT_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kCanForkBesideThreads = false;
#else
inline constexpr bool kCanForkBesideThreads = true;
#endif

// Runs `work` in a child; gives its exit status: 0 if it returns true, 1 if
// false, 2 if it throws, or -1 for a signal, that of an alarm included: a child
// that waits for a thread it does not have.
template <typename Work>
int InChild(Work&& work) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    int status = 2;
    try {
      status = work() ? 0 : 1;
    } catch (...) {
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace fastckpt::internal
