#include "fastckpt/read/check_state.h"

#include "fastckpt/platform/process.h"

namespace fastckpt::internal {
namespace {

// Bit 1 tells a claim from the two resting states; the rest counts forks.
constexpr std::uint32_t kClaimBit = 2;

std::uint32_t ClaimWord() { return ForkCount() << 2 | kClaimBit; }

}  // namespace

CheckState::Claim CheckState::TryClaim() {
  std::uint32_t seen = word_.load(std::memory_order_acquire);
  const std::uint32_t mine = ClaimWord();
  while (true) {
    if (seen == kDoneWord) return Claim::kDone;
    // A claim from before a fork belongs to a thread of the parent.
    if (seen == mine) return Claim::kBusy;
    if (word_.compare_exchange_weak(seen, mine, std::memory_order_acq_rel)) {
      return Claim::kMine;
    }
  }
}

void CheckState::Finish(bool is_right) {
  word_.store(is_right ? kDoneWord : kIdleWord, std::memory_order_release);
  word_.notify_all();
}

void CheckState::Wait() const { word_.wait(ClaimWord()); }

bool CheckState::IsBusy() const {
  return word_.load(std::memory_order_acquire) == ClaimWord();
}

}  // namespace fastckpt::internal
