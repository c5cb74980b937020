// RemoteRuns: scattered runs of remote objects, fetched all together.
#pragma once

#include <string_view>
#include <vector>

#include "fastckpt/read/scattered_runs.h"

namespace fastckpt::internal {

// Copies those of the runs whose pieces lie in remote objects, of one fetcher.
// Throws Error or Interrupted.
void CopyRemoteRuns(const std::vector<ScatteredRuns>& all,
                    const RunOptions& options);

// The same of one tensor: the pieces are fetched in full and checked, and the
// runs are copied from the bytes that were. Requires that all are remote.
void CopyCheckedRuns(const std::vector<ScatteredRuns>& all,
                     std::string_view name, const RunOptions& options);

}  // namespace fastckpt::internal
