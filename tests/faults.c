/* Makes system calls fail, or the process die at them; preloaded by
 * preloaded.py.
 *
 * Calls count from fault_arm on. The n-th call of the armed kinds fails with
 * the given error number; in sticky mode all later ones fail too; in kill mode
 * the process dies before it is made. fault_log tells what was called.
 *
 * fault_before has a function called once, before a file is opened, looked at,
 * renamed to this name, or flushed, whose path ends so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum {
  WRITE = 1,
  FSYNC = 2,
  RENAME = 4,
  UNLINK = 8,
  CREATE = 16,
  LINK = 32,
  FLOCK = 64
};
enum { ONCE, STICKY, KILL, SHORT };

static struct {
  int kinds, mode, error;
  long at, count, hits;
} armed;
static char text[1 << 16];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void fault_arm(int kinds, long at, int mode, int error) {
  armed.kinds = kinds;
  armed.at = at;
  armed.mode = mode;
  armed.error = error;
  armed.count = armed.hits = 0;
  text[0] = 0;
}
void fault_disarm(void) { armed.kinds = 0; }
long fault_hits(void) { return armed.hits; }
const char *fault_log(void) { return text; }

static void note(const char *call, const char *name) {
  size_t used = strlen(text);
  const char *base = strrchr(name, '/');
  snprintf(text + used, sizeof text - used, "%s %s\n", call,
           base == NULL ? name : base + 1);
}

/* 1 if the call is to fail; does not return if it is to be the last. */
static int fails(int kind, const char *call, const char *name) {
  int hit = 0;
  if (armed.kinds == 0) return 0;
  pthread_mutex_lock(&mutex);
  note(call, name);
  if (kind & armed.kinds) {
    ++armed.count;
    hit = armed.mode == STICKY ? armed.count >= armed.at
                               : armed.count == armed.at;
    armed.hits += hit;
  }
  if (hit && armed.mode == KILL) raise(SIGKILL);
  pthread_mutex_unlock(&mutex);
  if (hit) errno = armed.error;
  return hit;
}

static const char *name_of(int fd) {
  static __thread char path[PATH_MAX];
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  path[size < 0 ? 0 : size] = 0;
  return path;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name)

enum { OPEN, STAT, RENAMING, FLUSH };
static struct {
  char ending[256];
  int kind;
  void (*call)(void);
} before;

void fault_before(int kind, const char *ending, void (*call)(void)) {
  snprintf(before.ending, sizeof before.ending, "%s", ending);
  before.kind = kind;
  before.call = call;
}

static void announce(int kind, const char *path) {
  void (*call)(void) = before.call;
  size_t size = strlen(path), wanted = strlen(before.ending);
  if (call == NULL || kind != before.kind || size < wanted ||
      strcmp(path + size - wanted, before.ending) != 0) {
    return;
  }
  before.call = NULL;
  call();
}

int open(const char *path, int flags, ...) {
  REAL(int, open, const char *, int, ...);
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  announce(OPEN, path);
  return real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open(path, flags, mode);
}

int stat(const char *path, struct stat *info) {
  REAL(int, stat, const char *, struct stat *);
  announce(STAT, path);
  return real(path, info);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  if (fails(WRITE, "write", name_of(fd))) {
    if (armed.mode != SHORT) return -1;
    size = size / 2 + 1;
  }
  return real(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}

int fsync(int fd) {
  REAL(int, fsync, int);
  if (before.call != NULL) announce(FLUSH, name_of(fd));
  return fails(FSYNC, "fsync", name_of(fd)) ? -1 : real(fd);
}

/* Unlocking is no call of a kind: nobody looks at what it answers. */
int flock(int fd, int operation) {
  REAL(int, flock, int, int);
  if (operation != LOCK_UN && (armed.kinds & FLOCK) &&
      fails(FLOCK, "flock", name_of(fd)))
    return -1;
  return real(fd, operation);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
  REAL(int, renameat, int, const char *, int, const char *);
  announce(RENAMING, to);
  if (fails(RENAME, "rename", to)) return -1;
  return real(from_fd, from, to_fd, to);
}

int unlinkat(int fd, const char *name, int flags) {
  REAL(int, unlinkat, int, const char *, int);
  return fails(UNLINK, "unlink", name) ? -1 : real(fd, name, flags);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to,
           int flags) {
  REAL(int, linkat, int, const char *, int, const char *, int);
  if (fails(LINK, "link", to)) return -1;
  return real(from_fd, from, to_fd, to, flags);
}

int openat(int fd, const char *name, int flags, ...) {
  REAL(int, openat, int, const char *, int, ...);
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_CREAT) && fails(CREATE, "create", name)) return -1;
  return real(fd, name, flags, mode);
}

int openat64(int fd, const char *name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return openat(fd, name, flags, mode);
}
