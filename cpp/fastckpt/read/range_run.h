// RangeRun: fetches planned requests, and uses each as it arrives.
//
// Thread-safety: functions without state.
#pragma once

#include <cstddef>
#include <functional>

#include "fastckpt/platform/fetched_ranges.h"
#include "fastckpt/read/piece_task.h"
#include "fastckpt/read/range_plan.h"

namespace fastckpt::internal {

// Takes what came of one request of a plan, on any thread.
using UseArrival =
    std::function<void(const PlannedRequest& request, const Arrival& arrival)>;

// Sends all requests of a plan and calls `use` for each. Throws what `use`
// throws, Corruption if an object was replaced meanwhile, and Interrupted.
void RunPlan(const RangeFetcher& fetcher, const RangePlan& plan,
             bool is_unchecked, const RunOptions& options,
             const UseArrival& use);

// Throws what is wrong with bytes that came of a stream: that an object was
// replaced, where one was; else `error`, which says so of stores where nobody
// can tell. Requires a Corruption.
[[noreturn]] void ThrowWrong(RangeStream* stream, const Error& error);

struct FetchRules {
  // Whether what could not be fetched is left out: who reads it learns why.
  bool is_lenient = false;
  // Whether no checksum is compared to what comes, see RangePurpose.
  bool is_unchecked = false;
};

// The bytes of some ranges in memory, none of them empty.
FetchedRanges FetchRanges(const RangeFetcher& fetcher,
                          const std::vector<RangeRequest>& ranges,
                          const RunOptions& options, FetchRules rules = {});

}  // namespace fastckpt::internal
