// Counts the instructions of the library's inner routines, one by one: a child
// is stopped after each (PTRACE_SINGLESTEP). That needs no privileges, no
// counters of the processor (which virtual machines hide), and unlike an
// emulator it knows every instruction that this processor has.
//
//   steps            prints "NAME<tab>INSTRUCTIONS" for each routine
//
// Exit status 3: the system forbids tracing.
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/codec/snappy.h"

namespace {

namespace core = fastckpt::internal;

constexpr int kForbidden = 3;

// The child stops before and after the routine; steps between are counted.
[[noreturn]] void BeTraced(const std::function<void()>& work) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(kForbidden);
  work();  // what is resolved at the first call is resolved
  raise(SIGSTOP);
  work();
  raise(SIGSTOP);
  _exit(0);
}

// Gives how many steps a child makes until it stops itself again; < 0: none.
std::int64_t Count(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) BeTraced(work);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  if (!WIFSTOPPED(status)) return -1;
  std::int64_t steps = -1;
  do {
    ++steps;
    if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0) return -1;
    waitpid(child, &status, 0);
  } while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return steps;
}

struct Routine {
  std::string name;
  std::function<void()> work;
};

void AddChecksums(std::vector<Routine>* routines) {
  static std::uint8_t from[(16 << 10) + 64] = {1};
  static std::uint8_t to[sizeof from];
  for (const core::Crc32cRoutines& each : core::AvailableCrc32c()) {
    const std::string kernel = std::string(", ") + each.name;
    for (const std::size_t size : {64, 4096, 16 << 10}) {
      const std::string of = " of " + std::to_string(size) + " B" + kernel;
      routines->push_back(
          {"CRC32C" + of, [&each, size] { each.extend(0, from + 1, size); }});
      routines->push_back({"CRC32C and copy" + of, [&each, size] {
                             each.extend_copy(0, to + 1, from + 1, size);
                           }});
    }
  }
}

// Blocks of elements as encoders make them: short literals, copies from near
// and far, a run.
std::string SnappyBlock(std::size_t size) {
  std::string stored;
  for (std::size_t left = size; true; left >>= 7) {
    stored.push_back(static_cast<char>(left < 128 ? left : (left & 127) | 128));
    if (left < 128) break;
  }
  for (std::size_t done = 0, turn = 0; done < size; ++turn) {
    // 8 bytes as they are, 8 from 8 bytes before, 16 from 24 before.
    stored += std::string("\x1c") + "abcdefg" + static_cast<char>(turn);
    stored += std::string("\x11\x08", 2);
    stored += std::string("\x3e\x10\x00", 3);
    done += 32;
  }
  return stored;
}

void AddSnappy(std::vector<Routine>* routines) {
  constexpr std::size_t kSize = 16 << 10;
  static const std::string stored = SnappyBlock(kSize);
  static std::vector<std::uint8_t> plain(kSize);
  routines->push_back({"Snappy decode of 16 KiB", [] {
                         core::DecodeSnappy(core::AsBytes(stored), plain);
                       }});
}

}  // namespace

int main() {
  std::vector<Routine> routines;
  AddChecksums(&routines);
  AddSnappy(&routines);
  for (const Routine& routine : routines) {
    const std::int64_t steps = Count(routine.work);
    if (steps < 0) return kForbidden;
    std::cout << routine.name << "\t" << steps << std::endl;
  }
  return 0;
}
