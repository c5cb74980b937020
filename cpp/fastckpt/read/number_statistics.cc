#include "fastckpt/read/number_statistics.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "fastckpt/platform/parallel.h"
#include "fastckpt/read/number_survey.h"
#include "fastckpt/read/piece_check.h"
#include "fastckpt/read/region_copy.h"

namespace fastckpt::internal {
namespace {

// Tensors that are looked at together: what is noted of them stays in a cache,
// and their bytes are worth the start of threads.
constexpr std::size_t kTogether = 2048;

// Smaller ones, where there are many of them, are looked at by one thread each:
// what there is to do for a tensor takes as long as its bytes do.
// Batches end at so many tensors or bytes: threads are to end together, and who
// interrupts is not to wait.
constexpr std::uint64_t kSmallTensor = 64 << 10;
constexpr std::size_t kSmallTogether = 256;
constexpr std::uint64_t kSmallBytes = 1 << 20;
// They are seen whole, and checked on the way, by whoever has the batch.
static_assert(kSmallTensor <= kSmallPiece && IsSeenWhole(kSmallTensor));

using Indexes = std::vector<std::size_t>;

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
        show_([this](std::span<const NumberViewer> viewers, CheckRule how,
                     const RunOptions& run) { ShowTo(viewers, how, run); }) {}

  Describer(const Describer&) = delete;
  Describer& operator=(const Describer&) = delete;

  std::vector<NumberStatistics> Run() && {
    if (is_counted_) {
      options_.progress->total += CountNumberBytes(all_, with_histogram_);
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
    const std::vector<std::span<const std::size_t>> batches = BatchesOf(some);
    const auto look = [&](std::size_t i) { LookAt(batches[i], alone); };
    if (!ParallelFor(batches.size(), options_.threads, look,
                     options_.interrupted)) {
      throw Interrupted{};
    }
  }

  std::vector<std::span<const std::size_t>> BatchesOf(
      std::span<const std::size_t> some) const {
    std::vector<std::span<const std::size_t>> batches;
    std::size_t first = 0;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
      bytes += all_[some[i]].size_bytes;
      const std::size_t count = i + 1 - first;
      if (count < kSmallTogether && bytes < kSmallBytes) continue;
      batches.push_back(some.subspan(first, count));
      first = i + 1;
      bytes = 0;
    }
    if (first < some.size()) batches.push_back(some.subspan(first));
    return batches;
  }

  void LookAt(std::span<const std::size_t> some, const RunOptions& options) {
    NumberSurvey(all_, some, found_, with_histogram_, is_counted_, show_, rule_,
                 options)
        .Run();
  }

  void ShowTo(std::span<const NumberViewer> viewers, CheckRule how,
              const RunOptions& options) const {
    std::vector<WantedRegion> wanted;
    wanted.reserve(viewers.size());
    for (const NumberViewer& viewer : viewers) {
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
  const ShowNumbers show_;
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
  const ShowNumbers show = [&](std::span<const NumberViewer> viewers, CheckRule,
                               const RunOptions& run) {
    PieceTask task;
    task.piece = &piece;
    task.look = viewers.front().look->OfPiece(piece);
    if (!RunTasks({task}, run)) throw Interrupted{};
  };
  const Stored stored{form, 1, numbers.size()};
  if (options.progress)
    options.progress->total += CountNumberBytes({&stored, 1}, true);
  NumberStatistics found;
  const std::size_t first = 0;
  NumberSurvey({&stored, 1}, {&first, 1}, {&found, 1}, true, true, show,
               CheckRule::kNever, options)
      .Run();
  return found;
}

}  // namespace fastckpt::internal
