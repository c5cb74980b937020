#include "fastckpt/read/number_statistics.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "fastckpt/platform/float_mode.h"
#include "fastckpt/read/number_looks.h"
#include "fastckpt/read/region_copy.h"

namespace fastckpt::internal {
namespace {

// Shows tensors to those who look at them: (index, look) of some.
struct Viewer {
  std::size_t index;
  TensorLook* look;
};
using Show = std::function<void(std::span<const Viewer> viewers, CheckRule rule,
                                const RunOptions& options)>;

// Tensors that are looked at together: what is noted of them stays in a cache,
// and their bytes are worth the start of threads.
constexpr std::size_t kTogether = 2048;

bool MayNeedMore(const Stored& stored) {
  return FirstWay(stored, true) != Way::kCounts &&
         !IsSeenWhole(stored.size_bytes);
}

// Asks now and then whether to go on: a run of few tensors may end before it
// does so.
class Asker {
 public:
  explicit Asker(const RunOptions& options) : options_(options) {}

  void Ask() {
    const auto now = Clock::now();
    if (!options_.interrupted || now < next_) return;
    if (options_.interrupted()) throw Interrupted{};
    next_ = now + kInterval;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kInterval{100};

  const RunOptions& options_;
  Clock::time_point next_ = Clock::now() + kInterval;
};

// How many bytes will be looked at, by one look or two; of small tensors of
// several pieces the second one is not counted.
std::uint64_t CountBytes(std::span<const Stored> all, bool with_histogram) {
  std::uint64_t bytes = 0;
  for (const Stored& stored : all) {
    bytes += stored.size_bytes;
    if (with_histogram && MayNeedMore(stored)) bytes += stored.size_bytes;
  }
  return bytes;
}

// Some tensors that are looked at together. `is_counted`: all their bytes are
// part of the progress' total already.
class Survey {
 public:
  // Puts what it finds into `found`.
  Survey(std::span<const Stored> all, std::span<NumberStatistics> found,
         bool with_histogram, bool is_counted, const Show& show, CheckRule rule,
         const RunOptions& options)
      : all_(all),
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
    std::vector<Viewer> viewers;
    viewers.reserve(all_.size());
    RunOptions options = options_;
    for (std::size_t i = 0; i < all_.size(); ++i) {
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
    std::vector<Viewer> viewers;
    RunOptions options = options_;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const bool is_counted = is_counted_ && MayNeedMore(all_[i]);
      if (!is_done_[i] && found_[i].counts.size() == kBins) {
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
  const std::span<NumberStatistics> found_;
  const bool with_histogram_;
  const bool is_counted_;
  std::vector<bool> is_done_;  // after the first look
  const Show& show_;
  const CheckRule rule_;
  const RunOptions& options_;
};

std::vector<Stored> FindStored(const TensorSource& source,
                               std::span<const NumberTensor> tensors) {
  std::vector<Stored> all;
  all.reserve(tensors.size());
  for (const NumberTensor& tensor : tensors) {
    const std::uint64_t count = ElementCount(source.DimsOf(tensor.slot));
    all.push_back({tensor.form, source.LayoutOf(tensor.slot).swap_unit,
                   count * ElementSize(source.TypeOf(tensor.slot))});
  }
  return all;
}

}  // namespace

std::vector<NumberStatistics> DescribeTensors(
    const TensorSource& source, std::span<const NumberTensor> tensors,
    bool with_histogram, CheckRule rule, const RunOptions& options) {
  const std::vector<Stored> all = FindStored(source, tensors);
  // What is decoded is done in batches, which count by themselves.
  const bool is_counted = options.progress && !source.DecodesPieces();
  if (is_counted) options.progress->total += CountBytes(all, with_histogram);
  std::vector<NumberStatistics> found(all.size());
  // What lies elsewhere is asked for at once.
  const std::size_t together = source.fetcher() ? all.size() : kTogether;
  Asker asker(options);
  for (std::size_t first = 0; first < all.size(); first += together) {
    if (first > 0) asker.Ask();
    const std::size_t count = std::min(together, all.size() - first);
    const auto some = tensors.subspan(first, count);
    const Show show = [&](std::span<const Viewer> viewers, CheckRule how,
                          const RunOptions& run) {
      std::vector<WantedRegion> wanted;
      wanted.reserve(viewers.size());
      for (const Viewer& viewer : viewers) {
        wanted.push_back(
            {some[viewer.index].slot, nullptr, nullptr, viewer.look});
      }
      CopyRegions(
          source, wanted, how, [](std::size_t) { return Destination{}; }, run);
    };
    Survey(std::span(all).subspan(first, count),
           std::span(found).subspan(first, count), with_histogram, is_counted,
           show, rule, options)
        .Run();
  }
  return found;
}

NumberStatistics DescribeNumbers(const NumberForm& form, ByteView numbers,
                                 const RunOptions& options) {
  Piece piece;
  piece.memory = numbers;
  const Show show = [&](std::span<const Viewer> viewers, CheckRule,
                        const RunOptions& run) {
    PieceTask task;
    task.piece = &piece;
    task.look = viewers.front().look->OfPiece(piece);
    if (!RunTasks({task}, run)) throw Interrupted{};
  };
  const Stored stored{form, 1, numbers.size()};
  if (options.progress)
    options.progress->total += CountBytes({&stored, 1}, true);
  NumberStatistics found;
  Survey({&stored, 1}, {&found, 1}, true, true, show, CheckRule::kNever,
         options)
      .Run();
  return found;
}

}  // namespace fastckpt::internal
