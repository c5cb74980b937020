// CopyCheck: reads, checks and copies pieces, in one pass, on all threads.
//
// Work is cut into parts of a few hundred KiB to 4 MiB, small tasks joined and
// large ones split, so that threads end together whatever the sizes; the
// checksums of a task's parts are joined by multiplication modulo the
// polynomial. A dense copy is fused with its checksum: the source is read once.
#pragma once

#include <vector>

#include "fastckpt/read/piece_task.h"

namespace fastckpt::internal {

// Runs all tasks. Throws the Error of a task whose bytes cannot be read or do
// not fit their checksum; what was copied until then is unspecified. Returns
// false if the run was interrupted.
bool RunTasks(const std::vector<PieceTask>& tasks, const RunOptions& options);

// RunTasks, sorted by where the pieces lie; throws Interrupted.
void RunInFileOrder(std::vector<PieceTask>* tasks, const RunOptions& options);

}  // namespace fastckpt::internal
