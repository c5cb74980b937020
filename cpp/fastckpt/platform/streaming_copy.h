// StreamingCopy: memcpy with stores past the caches.
//
// memcpy of the C library does so for sizes that fill a cache by themselves; a
// large copy that is made in parts, on many threads, never asks it for one.
//
// Source: Intel 64 and IA-32 optimization manual, "Non-temporal stores".
#pragma once

#include <cstddef>

namespace fastckpt::internal {

// Copies `size` bytes; any alignment. For a copy that is too large to be found
// in a cache later: a third less goes through memory.
//
// REQUIRES: the two ranges do not overlap.
void StreamingCopy(void* to, const void* from, std::size_t size);

}  // namespace fastckpt::internal
