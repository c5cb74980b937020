// FetchAhead: work on many things that lie elsewhere, a window at a time, as
// they come, the others being fetched meanwhile.
//
// Thread-safety: functions without state.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "fastckpt/platform/fetched_ranges.h"
#include "fastckpt/read/piece_task.h"

namespace fastckpt::internal {

struct Ahead {
  // Of the things, which are numbered from 0.
  std::size_t count = 0;
  // The ranges that one of them will read; must not throw Errors.
  std::function<std::vector<RangeRequest>(std::size_t i)> ranges_of;
  // Whether what cannot be fetched is left to be read, and reported, by itself.
  bool is_lenient = false;
  // Whether no checksum is compared to what comes.
  bool is_unchecked = false;
};

// Calls work(begin, end, fetched) for windows of them, in any order, until it
// gives false, which this gives then. Throws what `work` throws, Errors and
// Interrupted. Requires that the calling thread holds nothing that fetching may
// wait for.
bool WithRanges(const RangeFetcher& fetcher, const Ahead& ahead,
                const RunOptions& options,
                const std::function<bool(std::size_t begin, std::size_t end,
                                         const FetchedRanges& fetched)>& work);

}  // namespace fastckpt::internal
