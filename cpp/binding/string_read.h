// StringRead: string tensors as Python sees them.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "fastckpt/read/checkpoint_reader.h"
#include "region_argument.h"

namespace fastckpt::internal {

// The arrays of string tensors, whole. Those that stand for views, which are
// not writable, are checked once, others each time. Needs the GIL.
pybind11::list ReadStrings(const CheckpointReader& checkpoint,
                           const std::vector<std::size_t>& slots,
                           bool is_writable);

// A writable copy of a region; `region` is `parsed` as the caller wrote it.
pybind11::object ReadStringRegion(const CheckpointReader& checkpoint,
                                  std::size_t slot, const ParsedRegion& parsed,
                                  pybind11::handle region,
                                  std::optional<bool> check);

}  // namespace fastckpt::internal
