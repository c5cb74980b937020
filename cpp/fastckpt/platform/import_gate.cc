#include "fastckpt/platform/import_gate.h"

#include <atomic>
#include <cstdint>

namespace fastckpt::internal {
namespace {

// The top bit: a fork is under way. The others count entries.
constexpr std::uint32_t kForkBit = std::uint32_t{1} << 31;

std::atomic<std::uint32_t> fork_state{0};
thread_local std::uint32_t entries = 0;  // of this thread
thread_local std::uint32_t forks = 0;  // of this thread, one in another's hook

}  // namespace

bool ImportGate::TryEnter() {
  std::uint32_t seen = fork_state.load();
  do {
    if ((seen & kForkBit) != 0 && forks == 0) return false;
  } while (!fork_state.compare_exchange_weak(seen, seen + 1));
  ++entries;
  return true;
}

void ImportGate::Enter() {
  fork_state.fetch_add(1);
  ++entries;
}

void ImportGate::Leave() {
  --entries;
  fork_state.fetch_sub(1);
}

bool ImportGate::IsInside() { return entries > 0; }

bool ImportGate::TryBeginFork() {
  std::uint32_t mine = entries;
  if (forks == 0 &&
      !fork_state.compare_exchange_strong(mine, mine | kForkBit)) {
    return false;
  }
  ++forks;
  return true;
}

void ImportGate::EndForkInParent() {
  if (forks > 0 && --forks == 0) fork_state.fetch_and(~kForkBit);
}

// The other threads and their entries are not here.
void ImportGate::EndForkInChild() {
  if (forks > 0) --forks;
  fork_state = entries | (forks > 0 ? kForkBit : 0);
}

}  // namespace fastckpt::internal
