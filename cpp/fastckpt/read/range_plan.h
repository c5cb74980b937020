// RangePlan: which requests fetch the ranges that a call wants.
//
// Neighbours are joined where the gap is small, the smallest gaps first, for as
// long as the call reads little more than it wants. A call of many bytes makes
// smaller requests, so that more of them are under way at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fastckpt/platform/range_fetcher.h"

namespace fastckpt::internal {

// Bytes that somebody wants; `number` says whose they are.
struct WantedRange {
  RangeRequest range;
  std::size_t number = 0;
};

// One request, and the wanted ranges in it: [first, last) of those in order.
struct PlannedRequest {
  RangeRequest range;
  std::size_t first = 0;
  std::size_t last = 0;
};

struct RangePlan {
  std::vector<WantedRange> wanted;  // by object and offset
  std::vector<PlannedRequest> requests;
  std::uint64_t wanted_bytes = 0;  // each byte once
};

// Limits are multiples of this: whole items of any type, and what one thread
// looks at.
inline constexpr std::uint64_t kRequestStep = 256 << 10;

// How long a wanted range should be at most, in a call that wants so many
// bytes, and a request of several.
std::uint64_t RequestLimit(std::uint64_t wanted_bytes);

// Plans requests for ranges, none of which is empty. Those that are joined are
// no longer than `limit`.
RangePlan PlanRanges(std::vector<WantedRange> wanted, std::uint64_t limit);
// The same for ranges of any length, of which none is anybody's.
RangePlan PlanRequests(const std::vector<RangeRequest>& ranges,
                       std::uint64_t limit);

}  // namespace fastckpt::internal
