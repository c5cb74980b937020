#include "fastckpt/read/number_statistics.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <numeric>
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

// Smaller ones, where there are many of them, are looked at by one thread each:
// what there is to do for a tensor takes as long as its bytes do.
constexpr std::uint64_t kSmallTensor = 64 << 10;
constexpr std::size_t kSmallTogether = 256;

using Indexes = std::vector<std::size_t>;

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
  // Of all, those of these indexes. Puts what it finds into `found`.
  Survey(std::span<const Stored> all, std::span<const std::size_t> some,
         std::span<NumberStatistics> found, bool with_histogram,
         bool is_counted, const Show& show, CheckRule rule,
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
    std::vector<Viewer> viewers;
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
    std::vector<Viewer> viewers;
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

// Looks at the tensors of a source.
class Describer {
 public:
  Describer(const TensorSource& source, std::span<const NumberTensor> tensors,
            bool with_histogram, CheckRule rule, const RunOptions& options)
      : source_(source),
        tensors_(tensors),
        with_histogram_(with_histogram),
        rule_(rule),
        options_(options),
        all_(FindStored(source, tensors)),
        found_(all_.size()),
        show_([this](std::span<const Viewer> viewers, CheckRule how,
                     const RunOptions& run) { ShowTo(viewers, how, run); }) {}

  std::vector<NumberStatistics> Run() && {
    if (is_counted_) {
      options_.progress->total += CountBytes(all_, with_histogram_);
    }
    Indexes large;
    Indexes small;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      (IsSmall(all_[i]) ? small : large).push_back(i);
    }
    if (small.size() <= kTogether) {
      large.resize(all_.size());
      std::iota(large.begin(), large.end(), std::size_t{0});
      small.clear();
    }
    LookOnAllThreads(large);
    LookOnOneThreadEach(small);
    return std::move(found_);
  }

 private:
  // What lies elsewhere is asked for at once, and what is decoded by
  // neighbours.
  bool IsSmall(const Stored& stored) const {
    return stored.size_bytes <= kSmallTensor && !source_.DecodesPieces() &&
           !source_.fetcher();
  }

  void LookOnAllThreads(std::span<const std::size_t> some) {
    const std::size_t together = source_.fetcher() ? some.size() : kTogether;
    Asker asker(options_);
    for (std::size_t first = 0; first < some.size(); first += together) {
      if (first > 0) asker.Ask();
      LookAt(some.subspan(first, std::min(together, some.size() - first)),
             options_);
    }
  }

  void LookOnOneThreadEach(std::span<const std::size_t> some) {
    RunOptions alone = options_;
    alone.threads = 1;
    alone.interrupted = nullptr;  // another thread is asked
    const auto look = [&](std::size_t batch) {
      const std::size_t first = batch * kSmallTogether;
      LookAt(some.subspan(first, std::min(kSmallTogether, some.size() - first)),
             alone);
    };
    const std::size_t batches =
        (some.size() + kSmallTogether - 1) / kSmallTogether;
    if (!ParallelFor(batches, options_.threads, look, options_.interrupted)) {
      throw Interrupted{};
    }
  }

  void LookAt(std::span<const std::size_t> some, const RunOptions& options) {
    Survey(all_, some, found_, with_histogram_, is_counted_, show_, rule_,
           options)
        .Run();
  }

  void ShowTo(std::span<const Viewer> viewers, CheckRule how,
              const RunOptions& options) const {
    std::vector<WantedRegion> wanted;
    wanted.reserve(viewers.size());
    for (const Viewer& viewer : viewers) {
      wanted.push_back(
          {tensors_[viewer.index].slot, nullptr, nullptr, viewer.look});
    }
    CopyRegions(
        source_, wanted, how, [](std::size_t) { return Destination{}; },
        options);
  }

  const TensorSource& source_;
  const std::span<const NumberTensor> tensors_;
  const bool with_histogram_;
  const CheckRule rule_;
  const RunOptions& options_;
  const std::vector<Stored> all_;
  // What is decoded is done in batches, which count by themselves.
  const bool is_counted_ = options_.progress && !source_.DecodesPieces();
  std::vector<NumberStatistics> found_;
  const Show show_;
};

}  // namespace

std::vector<NumberStatistics> DescribeTensors(
    const TensorSource& source, std::span<const NumberTensor> tensors,
    bool with_histogram, CheckRule rule, const RunOptions& options) {
  return Describer(source, tensors, with_histogram, rule, options).Run();
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
  const std::size_t first = 0;
  Survey({&stored, 1}, {&first, 1}, {&found, 1}, true, true, show,
         CheckRule::kNever, options)
      .Run();
  return found;
}

}  // namespace fastckpt::internal
