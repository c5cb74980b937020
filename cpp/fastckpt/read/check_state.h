// CheckState: whether the checksum of one stored piece was found right.
//
// Each piece is checked once however many threads ask: one claims it, the
// others wait. The state is one word without a lock, so a child forked while
// another thread was checking is not left waiting for a thread that it does
// not have: claims carry the number of forks that the process has seen.
#pragma once

#include <atomic>
#include <cstdint>

namespace fastckpt::internal {

class CheckState {
 public:
  // What TryClaim found.
  enum class Claim { kDone, kMine, kBusy };

  // True once a check found the piece right; what it read is seen then.
  bool IsDone() const {
    return word_.load(std::memory_order_acquire) == kDoneWord;
  }

  // kDone: found right before. kMine: the caller checks now and must call
  // Finish. kBusy: another thread is at it; Wait, then ask again.
  Claim TryClaim();

  // Ends a claim; a piece that was found wrong can be claimed again.
  void Finish(bool is_right);

  // Returns when the claim of another thread has ended. Must not be called
  // while holding anything that the other thread may want.
  void Wait() const;
  // Whether Wait would wait.
  bool IsBusy() const;

 private:
  static constexpr std::uint32_t kIdleWord = 0;
  static constexpr std::uint32_t kDoneWord = 1;

  std::atomic<std::uint32_t> word_{kIdleWord};
};

}  // namespace fastckpt::internal
