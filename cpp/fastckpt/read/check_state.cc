#include "fastckpt/read/check_state.h"

#include "fastckpt/platform/process.h"

namespace fastckpt::internal {
namespace {

// Bit 1 tells a claim from the two resting states; the rest counts forks.
constexpr std::uint64_t kClaimBit = 2;

std::uint64_t ClaimWord() {
  return static_cast<std::uint64_t>(ForkCount()) << 2 | kClaimBit;
}

}  // namespace

CheckState::Claim CheckState::TryClaim(FileStamp stamp) {
  std::uint64_t seen = word_.load(std::memory_order_acquire);
  const std::uint64_t mine = ClaimWord();
  while (true) {
    if (seen == DoneWord(stamp)) return Claim::kDone;
    // A claim from before a fork belongs to a thread of the parent.
    if (seen == mine) return Claim::kBusy;
    if (word_.compare_exchange_weak(seen, mine, std::memory_order_acq_rel)) {
      return Claim::kMine;
    }
  }
}

void CheckState::Finish(bool is_right, FileStamp stamp) {
  word_.store(is_right ? DoneWord(stamp) : kIdleWord,
              std::memory_order_release);
  word_.notify_all();
}

void CheckState::FoundWrong(FileStamp stamp) {
  std::uint64_t right = DoneWord(stamp);
  word_.compare_exchange_strong(right, kIdleWord, std::memory_order_acq_rel);
}

void CheckState::Wait() const { word_.wait(ClaimWord()); }

bool CheckState::IsBusy() const {
  return word_.load(std::memory_order_acquire) == ClaimWord();
}

}  // namespace fastckpt::internal
