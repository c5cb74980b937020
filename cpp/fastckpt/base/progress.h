// Progress: what a running call has done so far; other threads may look.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace fastckpt::internal {

// In bytes. `total` may grow while the call finds out what there is to do.
struct Progress {
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> total{0};
  // What writers call when all values are written and nothing is final yet;
  // what it throws ends the call.
  std::function<void()> on_whole = [] {};
};

}  // namespace fastckpt::internal
