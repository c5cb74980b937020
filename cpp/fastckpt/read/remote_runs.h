// RemoteRuns: scattered runs of remote objects, fetched all together.
#pragma once

#include <vector>

#include "fastckpt/read/scattered_runs.h"

namespace fastckpt::internal {

// Copies those of the runs whose pieces lie in remote objects, of one fetcher.
// Throws Error or Interrupted.
void CopyRemoteRuns(const std::vector<ScatteredRuns>& all,
                    const RunOptions& options);

}  // namespace fastckpt::internal
