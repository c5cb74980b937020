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

// How tensors are read that lie elsewhere.
struct SlotReads {
  bool is_whole = true;       // in full: they are fetched ahead
  bool is_unchecked = false;  // no checksum is compared
};

// Calls work(i, seen) for each slots[i]; `seen` is the calling thread's own.
// Exceptions and the result are ParallelFor's.
bool ForEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    SlotReads reads = {});

// The same; what a tensor has by its shape counts as progress.
bool CountEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    SlotReads reads = {});

}  // namespace fastckpt::internal
