// OnWrite: tensors that may be written and are mostly not copied.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "call_progress.h"
#include "reader.h"

namespace fastckpt::internal {

// Writable arrays of many slots, the caller's own: over private mappings where
// they can be, else copies.
pybind11::list TakeOnWrite(const Reader& reader,
                           const std::vector<std::size_t>& slots,
                           std::size_t threads, CallProgress* progress);

}  // namespace fastckpt::internal
