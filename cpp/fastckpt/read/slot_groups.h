// Slot groups: many tensors of a source that decodes, on many threads.
//
// Neighbours often lie in one block, which is read and decoded as a whole: one
// thread takes a group of them and keeps the block from one to the next.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// Calls work(i, seen) for each slots[i]; `seen` is the calling thread's own.
// What lies elsewhere is fetched ahead if the tensors are read in full.
// Exceptions and the result are ParallelFor's.
bool ForEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    bool is_whole = true);

// The same; what a tensor has by its shape counts as progress.
bool CountEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work);

}  // namespace fastckpt::internal
