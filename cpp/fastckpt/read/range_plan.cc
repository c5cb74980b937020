#include "fastckpt/read/range_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "fastckpt/platform/remote_file.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint64_t kMaxGap = 256 << 10;
// Of a call that would have more requests than this, as for a column of a
// matrix, gaps up to here are joined and count as nothing: each costs less than
// the headers of a request and of its answer.
constexpr std::size_t kManyGaps = 1024;
constexpr std::uint64_t kFreeGap = 4 << 10;
// Of the bytes that are wanted, at most one in so many more is read.
constexpr std::uint64_t kOverRead = 4;
// A call has about so many requests: of fewer each waits for its connection.
constexpr std::uint64_t kRequestsPerCall = 64;
constexpr std::uint64_t kMinLimit = 1 << 20;
constexpr std::uint64_t kMaxLimit = 2 << 20;

bool IsBefore(const WantedRange& a, const WantedRange& b) {
  // Of those that begin together the longest, in whose request the others are.
  return std::tie(a.range.object, a.range.offset, b.range.size) <
         std::tie(b.range.object, b.range.offset, a.range.size);
}

// Says of each gap whether it is read over.
class Gaps {
 public:
  explicit Gaps(const std::vector<WantedRange>& wanted) {
    std::uint64_t end = 0;
    std::vector<std::uint64_t> gaps;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const RangeRequest& range = wanted[i].range;
      const bool is_first =
          i == 0 || wanted[i - 1].range.object != range.object;
      if (is_first) end = range.offset;
      const std::uint64_t gap =
          !is_first && range.offset > end ? range.offset - end : 0;
      if (gap > 0 && gap <= kMaxGap) gaps.push_back(gap);
      const std::uint64_t begin = std::max(end, range.offset);
      if (range.end() > begin) bytes_ += range.end() - begin;
      end = std::max(end, range.end());
    }
    std::sort(gaps.begin(), gaps.end());
    if (gaps.size() > kManyGaps) free_ = kFreeGap;
    std::uint64_t room = bytes_ / kOverRead;
    for (const std::uint64_t gap : gaps) {
      if (gap <= free_) continue;
      if (gap > room) break;
      room -= gap;
      left_ = gap == largest_ ? left_ + 1 : 1;
      largest_ = gap;
    }
  }

  std::uint64_t bytes() const { return bytes_; }

  // Asked once for each, in order: of those as large as the largest not all may
  // have found room.
  bool Joins(std::uint64_t gap) {
    if (gap <= free_) return true;
    if (gap != largest_) return gap < largest_;
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t free_ = 0;  // the largest gap that counts as nothing
  std::uint64_t largest_ = 0;
  std::size_t left_ = 0;  // gaps of that size
};

// Cut so that each is a request of its own, or part of one.
std::vector<WantedRange> CutRanges(const std::vector<RangeRequest>& ranges,
                                   std::uint64_t limit) {
  std::vector<WantedRange> wanted;
  for (const RangeRequest& range : ranges) {
    for (std::uint64_t at = 0; at < range.size; at += limit) {
      const std::uint64_t size = std::min(limit, range.size - at);
      wanted.push_back({{range.object, range.offset + at, size}, 0});
    }
  }
  return wanted;
}

}  // namespace

std::uint64_t RequestLimit(std::uint64_t wanted_bytes) {
  const std::uint64_t share = wanted_bytes / kRequestsPerCall;
  return std::clamp(share / kRequestStep * kRequestStep, kMinLimit, kMaxLimit);
}

RangePlan PlanRanges(std::vector<WantedRange> wanted, std::uint64_t limit) {
  RangePlan plan;
  if (!std::is_sorted(wanted.begin(), wanted.end(), IsBefore)) {
    std::sort(wanted.begin(), wanted.end(), IsBefore);
  }
  Gaps gaps(wanted);
  plan.wanted_bytes = gaps.bytes();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const RangeRequest& next = wanted[i].range;
    PlannedRequest* last =
        plan.requests.empty() ? nullptr : &plan.requests.back();
    bool joins = last != nullptr && last->range.object == next.object;
    if (joins && next.offset > last->range.end()) {
      joins = gaps.Joins(next.offset - last->range.end());
    }
    const std::uint64_t end =
        joins ? std::max(last->range.end(), next.end()) : next.end();
    // What lies in a request is never asked for again: it may be checked there.
    const bool is_inside = joins && end == last->range.end();
    if (is_inside || (joins && end - last->range.offset <= limit)) {
      last->range.size = end - last->range.offset;
      last->last = i + 1;
    } else {
      plan.requests.push_back({next, i, i + 1});
    }
  }
  plan.wanted = std::move(wanted);
  return plan;
}

RangePlan PlanRequests(const std::vector<RangeRequest>& ranges,
                       std::uint64_t limit) {
  return PlanRanges(CutRanges(ranges, limit), limit);
}

}  // namespace fastckpt::internal
