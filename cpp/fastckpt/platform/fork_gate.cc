#include "fastckpt/platform/fork_gate.h"

#include <pthread.h>

#include <atomic>
#include <cstdint>

namespace fastckpt::internal {
namespace {

// The top bit: a fork waits or is under way. The others count gates held.
constexpr std::uint32_t kForking = std::uint32_t{1} << 31;

std::atomic<std::uint32_t> state{0};

// Adds to the state once no fork is under way.
void AddOutsideForks(std::uint32_t amount) {
  std::uint32_t seen = state.load(std::memory_order_relaxed);
  while (true) {
    if (seen & kForking) {
      state.wait(seen);
      seen = state.load(std::memory_order_relaxed);
    } else if (state.compare_exchange_weak(seen, seen + amount)) {
      return;
    }
  }
}

void BeforeFork() {
  AddOutsideForks(kForking);
  for (std::uint32_t seen = state.load(); seen != kForking;
       seen = state.load()) {
    state.wait(seen);
  }
}

void AfterForkInParent() {
  state.fetch_sub(kForking);
  state.notify_all();
}

// No other thread is left to wait or to be told.
void AfterForkInChild() { state.store(0); }

[[maybe_unused]] const int gate_registered =
    pthread_atfork(BeforeFork, AfterForkInParent, AfterForkInChild);

}  // namespace

ForkGate::ForkGate() { AddOutsideForks(1); }

ForkGate::~ForkGate() {
  const std::uint32_t before = state.fetch_sub(1);
  if (before & kForking) state.notify_all();
}

}  // namespace fastckpt::internal
