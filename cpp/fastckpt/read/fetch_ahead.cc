#include "fastckpt/read/fetch_ahead.h"

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "fastckpt/read/range_plan.h"

namespace fastckpt::internal {
namespace {

// Of one window: there is work on it while the next ones come.
constexpr std::uint64_t kWindow = 4 << 20;
// What a range counts for more than its bytes: gaps beside it may be fetched.
constexpr std::uint64_t kOfRange = 1 << 10;

struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<RangeRequest> ranges;
  std::uint64_t bytes = 0;
};

bool IsLast(const std::vector<Window>& windows, const RangeRequest& range) {
  if (windows.empty() || windows.back().ranges.empty()) return false;
  const RangeRequest& last = windows.back().ranges.back();
  return last.object == range.object && last.offset == range.offset &&
         last.size == range.size;
}

std::vector<Window> CutWindows(const Ahead& ahead) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < ahead.count; ++i) {
    const std::vector<RangeRequest> ranges = ahead.ranges_of(i);
    // Neighbours often lie in one block, which is fetched once.
    const bool goes_on = !ranges.empty() && IsLast(windows, ranges.front());
    if (windows.empty() || (windows.back().bytes >= kWindow && !goes_on)) {
      windows.push_back({i, i, {}, 0});
    }
    Window& window = windows.back();
    window.end = i + 1;
    for (const RangeRequest& range : ranges) {
      if (range.size == 0 || IsLast(windows, range)) continue;
      window.ranges.push_back(range);
      window.bytes += range.size + kOfRange;
    }
  }
  return windows;
}

// Fetches all windows by one stream, in their order.
//
// What came of a window that is not due yet stays under way, so that no more
// than so many bytes are. Of a window that is due everything is used, or copied
// where it would not leave room for the rest of itself.
class WindowFetch {
 public:
  WindowFetch(const RangeFetcher& fetcher, const Ahead& ahead,
              const std::vector<Window>& windows, const Interrupt& interrupted)
      : is_lenient_(ahead.is_lenient), interrupted_(interrupted) {
    std::uint64_t bytes = 0;
    for (const Window& window : windows) bytes += window.bytes;
    RangePurpose purpose{0, ahead.is_unchecked};
    for (const Window& window : windows) {
      RangePlan plan = PlanRequests(window.ranges, RequestLimit(bytes));
      purpose.wanted_bytes += plan.wanted_bytes;
      Came& came = came_.emplace_back(fetcher);
      came.left = plan.requests.size();
      std::uint64_t asked = 0;
      for (const PlannedRequest& each : plan.requests) {
        asked += each.range.size;
        requests_.push_back(each.range);
        window_of_.push_back(came_.size() - 1);
      }
      came.is_large = asked > 2 * kWindow;
    }
    if (!requests_.empty()) stream_ = fetcher.Start(requests_, purpose);
  }

  // Waits until all of a window came; each once, in order.
  FetchedRanges Take(std::size_t window) {
    due_ = window;
    Came& came = came_[window];
    if (came.is_large) came.ranges.TakeOwn();
    while (came.left > 0) {
      const std::optional<Arrival> arrival = stream_->Wait();
      if (interrupted_ && interrupted_()) throw Interrupted{};
      if (arrival) Put(*arrival);
    }
    came.ranges.Sort();
    return std::move(came.ranges);
  }

  // Throws Corruption if an object was replaced meanwhile. Requires that all
  // windows were taken.
  void Finish() const {
    if (stream_) stream_->Finish();
  }

 private:
  // What came of a window so far.
  struct Came {
    explicit Came(const RangeFetcher& fetcher) : ranges(&fetcher) {}
    FetchedRanges ranges;
    std::size_t left = 0;  // requests
    bool is_large = false;
  };

  void Put(const Arrival& arrival) {
    const std::size_t window = window_of_[arrival.request];
    Came& came = came_[window];
    --came.left;
    if (arrival.error) {
      if (!is_lenient_) throw *arrival.error;
      return;
    }
    came.ranges.Keep(requests_[arrival.request], arrival.bytes.data(),
                     arrival.owner);
    if (came.is_large && window == due_) came.ranges.TakeOwn();
  }

  const bool is_lenient_;
  const Interrupt& interrupted_;
  std::vector<RangeRequest> requests_;
  std::vector<std::size_t> window_of_;  // of each request
  std::deque<Came> came_;
  std::size_t due_ = 0;
  std::unique_ptr<RangeStream> stream_;
};

}  // namespace

bool WithRanges(const RangeFetcher& fetcher, const Ahead& ahead,
                const RunOptions& options,
                const std::function<bool(std::size_t begin, std::size_t end,
                                         const FetchedRanges& fetched)>& work) {
  const std::vector<Window> windows = CutWindows(ahead);
  WindowFetch fetch(fetcher, ahead, windows, options.interrupted);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const FetchedRanges fetched = fetch.Take(i);
    if (!work(windows[i].begin, windows[i].end, fetched)) return false;
  }
  fetch.Finish();
  return true;
}

}  // namespace fastckpt::internal
