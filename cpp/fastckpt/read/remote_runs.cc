#include "fastckpt/read/remote_runs.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/range_run.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {
namespace {

// Where the bytes of a wanted range go.
struct FetchTarget {
  std::uint8_t* to;
  std::size_t swap_unit;
};

class Collector {
 public:
  explicit Collector(std::uint64_t limit) : limit_(limit) {}

  void Add(const ScatteredRuns& runs) {
    const Piece& piece = runs.piece();
    const std::uint32_t object = piece.file->remote()->number();
    const std::uint64_t size = runs.run_bytes();
    const auto add = [&](const ScatteredRuns::Run& run) {
      const std::uint64_t begin =
          piece.offset + static_cast<std::uint64_t>(run.offset);
      // Cut at places between items.
      for (std::uint64_t at = 0; at < size; at += limit_) {
        const std::uint64_t part = std::min(limit_, size - at);
        wanted.push_back({{object, begin + at, part}, targets.size()});
        targets.push_back({run.to + at, runs.swap_unit()});
      }
    };
    runs.VisitRuns(0, runs.outer_count(), add, [](std::int64_t) {});
  }

  std::vector<WantedRange> wanted;
  std::vector<FetchTarget> targets;

 private:
  const std::uint64_t limit_;
};

// Copies what of the runs lies in the bytes that it is shown.
class RunsLook final : public PieceLook {
 public:
  explicit RunsLook(const ScatteredRuns& runs)
      : size_(runs.run_bytes()), swap_unit_(runs.swap_unit()) {
    runs.VisitRuns(
        0, runs.outer_count(),
        [&](const ScatteredRuns::Run& run) {
          runs_.push_back({static_cast<std::uint64_t>(run.offset), run.to});
        },
        [](std::int64_t) {});
    std::sort(runs_.begin(), runs_.end(),
              [](const auto& a, const auto& b) { return a.offset < b.offset; });
  }

  void Look(std::uint64_t begin, std::uint64_t end,
            const std::uint8_t* bytes) override {
    auto run = std::partition_point(
        runs_.begin(), runs_.end(),
        [&](const Sorted& it) { return it.offset + size_ <= begin; });
    for (; run != runs_.end() && run->offset < end; ++run) {
      // A run may begin before these bytes, and end behind them: between items.
      const std::uint64_t from = std::max(begin, run->offset);
      const std::uint64_t to = std::min(end, run->offset + size_);
      std::uint8_t* target = run->to + (from - run->offset);
      const auto size = static_cast<std::size_t>(to - from);
      std::memcpy(target, bytes + (from - begin), size);
      SwapUnits(target, size, swap_unit_);
    }
  }

 private:
  struct Sorted {
    std::uint64_t offset;
    std::uint8_t* to;
  };

  const std::uint64_t size_;
  const std::size_t swap_unit_;
  std::vector<Sorted> runs_;
};

}  // namespace

void CopyCheckedRuns(const std::vector<ScatteredRuns>& all,
                     std::string_view name, const RunOptions& options) {
  std::deque<RunsLook> looks;
  std::vector<PieceTask> tasks;
  for (const ScatteredRuns& runs : all) {
    PieceTask& task = tasks.emplace_back();
    task.piece = &runs.piece();
    task.name = name;
    task.look = &looks.emplace_back(runs);
  }
  RunInFileOrder(&tasks, options);
}

void CopyRemoteRuns(const std::vector<ScatteredRuns>& all,
                    const RunOptions& options) {
  std::uint64_t total = 0;
  const RangeFetcher* fetcher = nullptr;
  for (const ScatteredRuns& runs : all) {
    if (!runs.is_remote()) continue;
    fetcher = &runs.piece().file->remote()->fetcher();
    total +=
        static_cast<std::uint64_t>(runs.outer_count()) * runs.outer_bytes();
  }
  if (fetcher == nullptr) return;
  if (options.progress) options.progress->total += total;
  const std::uint64_t limit = RequestLimit(total);
  Collector collector(limit);
  for (const ScatteredRuns& runs : all) {
    if (runs.is_remote()) collector.Add(runs);
  }
  const RangePlan plan = PlanRanges(std::move(collector.wanted), limit);
  const auto put = [&](const PlannedRequest& request, const Arrival& arrival) {
    if (arrival.error) throw *arrival.error;
    for (std::size_t i = request.first; i < request.last; ++i) {
      const WantedRange& wanted = plan.wanted[i];
      const FetchTarget& target = collector.targets[wanted.number];
      const auto size = static_cast<std::size_t>(wanted.range.size);
      std::memcpy(
          target.to,
          arrival.bytes.data() + (wanted.range.offset - request.range.offset),
          size);
      SwapUnits(target.to, size, target.swap_unit);
      if (options.progress) options.progress->done += size;
    }
  };
  RunPlan(*fetcher, plan, /*is_unchecked=*/true, options, put);
}

}  // namespace fastckpt::internal
