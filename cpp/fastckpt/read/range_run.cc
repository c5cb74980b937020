#include "fastckpt/read/range_run.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace fastckpt::internal {
namespace {

// Below this a second thread costs more than it saves.
constexpr std::uint64_t kCopiedPerThread = 4 << 20;

class PlanRun {
 public:
  PlanRun(const RangePlan& plan, RangeStream* stream, const RunOptions& options,
          const UseArrival& use)
      : plan_(plan),
        stream_(stream),
        options_(options),
        use_(use),
        caller_(std::this_thread::get_id()) {}

  void Run() {
    const std::size_t threads =
        std::clamp<std::size_t>(plan_.wanted_bytes / kCopiedPerThread, 1,
                                std::max<std::size_t>(options_.threads, 1));
    const auto take = [&](std::size_t) {
      try {
        TakeOne();
      } catch (...) {
        stopped_ = true;
        throw;
      }
    };
    try {
      ParallelFor(plan_.requests.size(), threads, take);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorruption) throw;
      ThrowWrong(stream_, error);
    }
    stream_->Finish();
  }

 private:
  void TakeOne() {
    while (!stopped_) {
      const std::optional<Arrival> arrival = stream_->Wait();
      if (std::this_thread::get_id() == caller_ && options_.interrupted &&
          options_.interrupted()) {
        throw Interrupted{};
      }
      if (!arrival) continue;
      return use_(plan_.requests[arrival->request], *arrival);
    }
  }

  const RangePlan& plan_;
  RangeStream* stream_;
  const RunOptions& options_;
  const UseArrival& use_;
  const std::thread::id caller_;  // which alone may ask for interrupts
  std::atomic<bool> stopped_{false};
};

}  // namespace

void ThrowWrong(RangeStream* stream, const Error& error) {
  // What was replaced is not damaged.
  if (stream->Compare()) throw error;
  throw Error(
      error.kind(),
      error.message() +
          "; or the object was replaced since the checkpoint was opened, "
          "of which its store tells nothing: open it again",
      error.where(), error.system_code());
}

void RunPlan(const RangeFetcher& fetcher, const RangePlan& plan,
             bool is_unchecked, const RunOptions& options,
             const UseArrival& use) {
  if (plan.requests.empty()) return;
  std::vector<RangeRequest> requests;
  requests.reserve(plan.requests.size());
  for (const PlannedRequest& each : plan.requests) {
    requests.push_back(each.range);
  }
  const auto stream =
      fetcher.Start(requests, {plan.wanted_bytes, is_unchecked});
  PlanRun(plan, stream.get(), options, use).Run();
}

FetchedRanges FetchRanges(const RangeFetcher& fetcher,
                          const std::vector<RangeRequest>& ranges,
                          const RunOptions& options, FetchRules rules) {
  FetchedRanges fetched(&fetcher);
  std::uint64_t bytes = 0;
  for (const RangeRequest& range : ranges) bytes += range.size;
  const std::uint64_t limit = RequestLimit(bytes);
  const RangePlan plan = PlanRequests(ranges, limit);
  std::vector<std::uint8_t*> places;
  for (const PlannedRequest& each : plan.requests) {
    places.push_back(fetched.Add(each.range));
  }
  std::vector<char> is_lost(plan.requests.size());
  RunPlan(fetcher, plan, rules.is_unchecked, options,
          [&](const PlannedRequest& request, const Arrival& arrival) {
            const auto i =
                static_cast<std::size_t>(&request - plan.requests.data());
            if (arrival.error && !rules.is_lenient) throw *arrival.error;
            is_lost[i] = arrival.error.has_value();
            if (arrival.error) return;
            std::memcpy(places[i], arrival.bytes.data(), arrival.bytes.size());
          });
  fetched.Finish(is_lost);
  return fetched;
}

}  // namespace fastckpt::internal
