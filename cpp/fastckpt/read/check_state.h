// CheckState: whether the checksum of one stored piece was found right.
//
// Each piece is checked once however many threads ask: one claims it, the
// others wait. What was found right is so for the file as it was then: a stamp
// tells it from one that was written since. The state is one word without a
// lock, so a child forked while another thread was checking is not left waiting
// for a thread that it does not have: claims carry the number of forks that the
// process has seen.
#pragma once

#include <atomic>
#include <cstdint>

#include "fastckpt/platform/file_reader.h"

namespace fastckpt::internal {

// Which of the stored pieces that a call reads it checks.
enum class CheckRule {
  kNever,
  kWhole,   // those that it reads in full
  kOnce,    // those each time, and parts of others that were not checked yet
  kFirst,   // those that were not checked yet
  kAlways,  // all, in full
};

class CheckState {
 public:
  // What TryClaim found.
  enum class Claim { kDone, kMine, kBusy };

  // True once a check found the piece right in a file with this stamp; what it
  // read is seen then.
  bool IsDone(FileStamp stamp) const {
    return word_.load(std::memory_order_acquire) == DoneWord(stamp);
  }

  // False where IsDone is so for any stamp: nobody needs to ask for one.
  bool MayBeDone() const {
    return (word_.load(std::memory_order_acquire) & kDoneBit) != 0;
  }

  // kDone: found right before. kMine: the caller checks now and must call
  // Finish. kBusy: another thread is at it; Wait, then ask again.
  Claim TryClaim(FileStamp stamp);

  // Ends a claim, with its stamp; a piece that was found wrong can be claimed
  // again. Who found a piece right without a claim may say so as well.
  void Finish(bool is_right, FileStamp stamp);

  // Takes back that the piece was right in a file with this stamp: another
  // check, without a claim, has found it wrong. Claims stay.
  void FoundWrong(FileStamp stamp);

  // Runs a check without a claim, gives its result and notes how it ended.
  template <typename Check>
  auto Note(FileStamp stamp, Check&& check) {
    try {
      auto result = check();
      Finish(/*is_right=*/true, stamp);
      return result;
    } catch (...) {
      FoundWrong(stamp);
      throw;
    }
  }

  // Returns when the claim of another thread has ended. Must not be called
  // while holding anything that the other thread may want.
  void Wait() const;
  // Whether Wait would wait.
  bool IsBusy() const;

 private:
  static constexpr std::uint64_t kIdleWord = 0;

  // Tells it from the others. Two times 2^62 ns apart, 146 years, are the same.
  static constexpr std::uint64_t kDoneBit = 1;
  static constexpr std::uint64_t DoneWord(FileStamp stamp) {
    return stamp << 2 | kDoneBit;
  }

  std::atomic<std::uint64_t> word_{kIdleWord};
};

}  // namespace fastckpt::internal
