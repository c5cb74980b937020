// RemoteCopy: checks and copies pieces of remote objects while others arrive.
#pragma once

#include <functional>
#include <vector>

#include "fastckpt/read/piece_task.h"

namespace fastckpt::internal {

// Whether some task's bytes lie elsewhere.
bool HasRemote(const std::vector<PieceTask>& tasks);

// How tasks whose bytes are at hand are run; gives false if it was interrupted.
using RunLocal = std::function<bool(const std::vector<PieceTask>& tasks,
                                    const RunOptions& options)>;

// As RunTasks: the tasks of remote objects here, the others by `local`.
bool RunRemote(const std::vector<PieceTask>& tasks, const RunOptions& options,
               const RunLocal& local);

}  // namespace fastckpt::internal
