#include "fastckpt/read/remote_runs.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "fastckpt/read/range_run.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {
namespace {

// Where the bytes of a wanted range go.
struct Target {
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
  std::vector<Target> targets;

 private:
  const std::uint64_t limit_;
};

}  // namespace

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
      const Target& target = collector.targets[wanted.number];
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
