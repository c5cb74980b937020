#include "fastckpt/read/fetch_ahead.h"

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "fastckpt/read/range_plan.h"
#include "fastckpt/read/range_run.h"

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

// Fetches all windows by one stream, whose requests are sent in their order.
//
// What came of a window stays under way until the window is taken, so that no
// more than so many bytes are. Each can be taken once all of it came, whatever
// became of those before it: of all but the last that was begun, everything is
// on its way. Of a large window, whose rest may find no room beside what came
// of it, that is copied once it is the first that is left.
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
      if (came.left == 0) whole_.push_back(came_.size() - 1);
      std::uint64_t asked = 0;
      for (const PlannedRequest& each : plan.requests) {
        asked += each.range.size;
        requests_.push_back(each.range);
        window_of_.push_back(came_.size() - 1);
      }
      came.is_large = asked > 2 * kWindow;
    }
    if (!requests_.empty()) stream_ = fetcher.Start(requests_, purpose);
    FindFirst();
  }

  // Waits until all of some window came; gives each once.
  std::pair<std::size_t, FetchedRanges> Take() {
    while (whole_.empty()) {
      const std::optional<Arrival> arrival = stream_->Wait();
      if (interrupted_ && interrupted_()) throw Interrupted{};
      if (arrival) Put(*arrival);
    }
    const std::size_t window = whole_.front();
    whole_.pop_front();
    FetchedRanges& ranges = came_[window].ranges;
    ranges.Sort();
    return {window, std::move(ranges)};
  }

  // Throws Corruption if an object was replaced meanwhile. Requires that all
  // windows were taken.
  void Finish() const {
    if (stream_) stream_->Finish();
  }

  // Throws what is wrong with something that came.
  [[noreturn]] void Throw(const Error& error) const {
    if (stream_ && error.kind() == ErrorKind::kCorruption) {
      ThrowWrong(stream_.get(), error);
    }
    throw error;
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
    if (--came.left == 0) whole_.push_back(window);
    if (arrival.error) {
      if (!is_lenient_) throw *arrival.error;
    } else {
      came.ranges.Keep(requests_[arrival.request], arrival.bytes.data(),
                       arrival.owner);
      if (came.is_large && window == first_) came.ranges.TakeOwn();
    }
    FindFirst();
  }

  void FindFirst() {
    const std::size_t before = first_;
    while (first_ < came_.size() && came_[first_].left == 0) ++first_;
    if (first_ == before || first_ == came_.size()) return;
    if (came_[first_].is_large) came_[first_].ranges.TakeOwn();
  }

  const bool is_lenient_;
  const Interrupt& interrupted_;
  std::vector<RangeRequest> requests_;
  std::vector<std::size_t> window_of_;  // of each request
  std::deque<Came> came_;
  std::deque<std::size_t> whole_;  // all of which came, not taken yet
  std::size_t first_ = 0;          // of which something is left
  std::unique_ptr<RangeStream> stream_;
};

}  // namespace

bool WithRanges(const RangeFetcher& fetcher, const Ahead& ahead,
                const RunOptions& options,
                const std::function<bool(std::size_t begin, std::size_t end,
                                         const FetchedRanges& fetched)>& work) {
  const std::vector<Window> windows = CutWindows(ahead);
  WindowFetch fetch(fetcher, ahead, windows, options.interrupted);
  try {
    for (std::size_t i = 0; i < windows.size(); ++i) {
      const auto [window, fetched] = fetch.Take();
      const Window& done = windows[window];
      if (!work(done.begin, done.end, fetched)) return false;
    }
  } catch (const Error& error) {
    fetch.Throw(error);
  }
  fetch.Finish();
  return true;
}

}  // namespace fastckpt::internal
