// Slot groups: many tensors of a source that decodes, on many threads.
//
// Neighbours often lie in one block, which is read and decoded as a whole: one
// thread takes a group of them and keeps the block from one to the next.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// How tensors are read that lie elsewhere.
struct SlotReads {
  bool is_unchecked = false;  // no checksum is compared
  // Which parts, by their index; of null, and where there are none, all.
  std::vector<const Region*> regions = {};
  // Of each of them.
  std::vector<CheckRule> rules = {};
};

// Calls work(i, seen) for each slots[i]; `seen` is the calling thread's own.
// Exceptions and the result are ParallelFor's.
bool ForEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    const SlotReads& reads = {});

// The same; what a tensor has by its shape counts as progress.
bool CountEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    const SlotReads& reads = {});

// Whether as much as a region may lie where its tensor is said to, which is
// enough to make an array for it before it is fetched; false where it can be
// found instead: on this machine, or by the index alone.
bool MayHold(const TensorSource& source, std::size_t slot,
             const Region& region);

}  // namespace fastckpt::internal
