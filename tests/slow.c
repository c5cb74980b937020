// Preloaded into a process: data files are read and written slowly, so that a
// call lasts long enough for a signal to come in its middle.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_long pause_us, calls;

void slow_set(long microseconds) {
  pause_us = microseconds;
  calls = 0;
}

long slow_calls(void) { return calls; }

static void linger(int fd) {
  char link[64];
  char path[PATH_MAX];
  long pause = pause_us;
  if (pause == 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  path[size < 0 ? 0 : size] = 0;
  if (strstr(path, "slow-") == NULL) return;
  ++calls;
  usleep((useconds_t)pause);
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name)

ssize_t pread(int fd, void *bytes, size_t size, off_t offset) {
  REAL(ssize_t, pread, int, void *, size_t, off_t);
  linger(fd);
  return real(fd, bytes, size, offset);
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t offset) {
  return pread(fd, bytes, size, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  linger(fd);
  return real(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}
