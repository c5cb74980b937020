#include "fastckpt/read/fetch_ahead.h"

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <utility>

#include "fastckpt/read/range_run.h"

namespace fastckpt::internal {
namespace {

// Of one window; two are in memory at a time.
constexpr std::uint64_t kWindow = 32 << 20;

struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<RangeRequest> ranges;
};

std::vector<Window> CutWindows(const Ahead& ahead) {
  std::vector<Window> windows;
  std::uint64_t bytes = kWindow;
  for (std::size_t i = 0; i < ahead.count; ++i) {
    if (bytes >= kWindow) {
      windows.push_back({i, i, {}});
      bytes = 0;
    }
    Window& window = windows.back();
    window.end = i + 1;
    for (const RangeRequest& range : ahead.ranges_of(i)) {
      if (range.size == 0) continue;
      // Neighbours often lie in one block.
      const RangeRequest* last =
          window.ranges.empty() ? nullptr : &window.ranges.back();
      if (last && last->object == range.object &&
          last->offset == range.offset && last->size == range.size) {
        continue;
      }
      window.ranges.push_back(range);
      bytes += range.size;
    }
  }
  return windows;
}

// One window on its way, on a thread of its own.
class Fetch {
 public:
  Fetch(const RangeFetcher& fetcher, const Window& window, const Ahead& ahead,
        const RunOptions& options)
      : interrupted_(options.interrupted) {
    options_.threads = options.threads;
    options_.interrupted = [this] { return is_given_up_.load(); };
    result_ = std::async(std::launch::async, [this, &fetcher, &window, &ahead] {
      return FetchRanges(fetcher, window.ranges, options_,
                         {ahead.is_lenient, ahead.is_unchecked});
    });
  }
  ~Fetch() {
    is_given_up_ = true;
    if (result_.valid()) result_.wait();
  }
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  FetchedRanges Take() {
    constexpr std::chrono::milliseconds kPoll(100);
    while (result_.wait_for(kPoll) != std::future_status::ready) {
      if (interrupted_ && interrupted_()) throw Interrupted{};
    }
    return result_.get();
  }

 private:
  const Interrupt& interrupted_;
  RunOptions options_;
  std::atomic<bool> is_given_up_{false};
  std::future<FetchedRanges> result_;
};

}  // namespace

bool WithRanges(const RangeFetcher& fetcher, const Ahead& ahead,
                const RunOptions& options,
                const std::function<bool(std::size_t begin, std::size_t end,
                                         const FetchedRanges& fetched)>& work) {
  const std::vector<Window> windows = CutWindows(ahead);
  std::optional<Fetch> next;
  if (!windows.empty()) next.emplace(fetcher, windows[0], ahead, options);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const FetchedRanges fetched = next->Take();
    next.reset();
    if (i + 1 < windows.size()) {
      next.emplace(fetcher, windows[i + 1], ahead, options);
    }
    if (!work(windows[i].begin, windows[i].end, fetched)) return false;
  }
  return true;
}

}  // namespace fastckpt::internal
