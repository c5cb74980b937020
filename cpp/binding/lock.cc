#include "lock.h"

namespace fastckpt {
namespace {

// Unmapping less than this takes under a millisecond.
constexpr std::uint64_t kSlowUnmap = 128 << 20;

}  // namespace

void Drop(std::shared_ptr<const void> held, std::uint64_t mapped_bytes) {
  if (held.use_count() != 1 || mapped_bytes < kSlowUnmap) return;
  Unlocked([&] { held.reset(); });
}

}  // namespace fastckpt
