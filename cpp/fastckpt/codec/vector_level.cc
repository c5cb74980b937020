#include "fastckpt/codec/vector_level.h"

#include <atomic>
#include <cstdint>

#include "fastckpt/platform/cpu.h"

namespace fastckpt::internal {
namespace {

#if defined(__x86_64__)
std::size_t FirstHere() {
  if (HasAvx512Bw()) return 0;
  return HasAvx2FmaF16c() ? 1 : 2;
}
#else
std::size_t FirstHere() { return 0; }
#endif

// Asked once: to ask a processor that is a guest takes microseconds. Not by a
// static of the function, whose lock a fork would leave locked.
constexpr std::size_t kUnknown = SIZE_MAX;
constinit std::atomic<std::size_t> first_available{kUnknown};

}  // namespace

std::size_t FirstVectorRoutine() {
  std::size_t first = first_available.load(std::memory_order_relaxed);
  if (first == kUnknown) {
    first = FirstHere();
    first_available.store(first, std::memory_order_relaxed);
  }
  return first;
}

}  // namespace fastckpt::internal
