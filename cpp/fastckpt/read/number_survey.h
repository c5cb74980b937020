// NumberSurvey: some tensors whose numbers are looked at together, once or
// twice.
//
// Thread-safety: for one thread, which may have others look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "fastckpt/platform/float_mode.h"
#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/number_looks.h"
#include "fastckpt/read/region_copy.h"

namespace fastckpt::internal {

// Shows tensors to those who look at them: (index, look) of some.
struct NumberViewer {
  std::size_t index;
  TensorLook* look;
};
using ShowNumbers =
    std::function<void(std::span<const NumberViewer> viewers, CheckRule rule,
                       const RunOptions& options)>;

inline bool MayNeedMore(const Stored& stored) {
  return FirstWay(stored, true) != Way::kCounts &&
         !IsSeenWhole(stored.size_bytes);
}

// How many bytes will be looked at, by one look or two; of small tensors of
// several pieces the second one is not counted.
inline std::uint64_t CountNumberBytes(std::span<const Stored> all,
                                      bool with_histogram) {
  std::uint64_t bytes = 0;
  for (const Stored& stored : all) {
    bytes += stored.size_bytes;
    if (with_histogram && MayNeedMore(stored)) bytes += stored.size_bytes;
  }
  return bytes;
}

// Some tensors that are looked at together. `is_counted`: all their bytes are
// part of the progress' total already.
class NumberSurvey {
 public:
  // Of all, those of these indexes. Puts what it finds into `found`.
  NumberSurvey(std::span<const Stored> all, std::span<const std::size_t> some,
               std::span<NumberStatistics> found, bool with_histogram,
               bool is_counted, const ShowNumbers& show, CheckRule rule,
               const RunOptions& options)
      : all_(all),
        some_(some),
        found_(found),
        with_histogram_(with_histogram),
        is_counted_(is_counted),
        show_(show),
        rule_(rule),
        options_(options) {}

  void Run() {
    // What the threads found is put together here.
    const PlainFloatMode mode;
    LookOnce();
    if (with_histogram_) LookAgain();
  }

 private:
  void LookOnce() {
    std::deque<FirstLook> looks;
    std::vector<NumberViewer> viewers;
    viewers.reserve(some_.size());
    RunOptions options = options_;
    for (const std::size_t i : some_) {
      looks.emplace_back(all_[i], with_histogram_, &found_[i]);
      viewers.push_back({i, &looks.back()});
      if (is_counted_) options.counted += all_[i].size_bytes;
    }
    show_(viewers, rule_, options);
    for (FirstLook& look : looks) {
      look.Finish();
      is_done_.push_back(look.is_done());
    }
  }

  void LookAgain() {
    std::deque<SecondLook> looks;
    std::vector<NumberViewer> viewers;
    RunOptions options = options_;
    for (std::size_t k = 0; k < some_.size(); ++k) {
      const std::size_t i = some_[k];
      const bool is_counted = is_counted_ && MayNeedMore(all_[i]);
      if (!is_done_[k] && found_[i].counts.size() == kBins) {
        looks.emplace_back(all_[i], &found_[i]);
        viewers.push_back({i, &looks.back()});
        if (is_counted) options.counted += all_[i].size_bytes;
      } else if (is_counted && options.progress) {
        options.progress->done += all_[i].size_bytes;
      }
    }
    if (viewers.empty()) return;
    // They were found right a moment ago, but are read anew.
    show_(viewers, rule_, options);
    for (SecondLook& look : looks) look.Finish();
  }

  const std::span<const Stored> all_;
  const std::span<const std::size_t> some_;
  const std::span<NumberStatistics> found_;
  const bool with_histogram_;
  const bool is_counted_;
  std::vector<bool> is_done_;  // after the first look, in their order
  const ShowNumbers& show_;
  const CheckRule rule_;
  const RunOptions& options_;
};

}  // namespace fastckpt::internal
