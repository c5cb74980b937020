// RowRead: rows of tensors by number: one, and lists of them.
//
// Training asks for them by the million, so the plainest of them have a short
// way: a view that was checked, NumPy's own memory, one fstat.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fastckpt/read/checkpoint_reader.h"
#include "fastckpt/read/gather.h"
#include "region_argument.h"

namespace fastckpt::internal {

// A copy of one row or of some, where the tensor is a view that needs no check
// any more; null, and no exception, where it is not as simple as that. `region`
// is as the caller wrote it. Throws Error, error_already_set. Needs the GIL.
PyObject* ReadRowsQuickly(const CheckpointReader& checkpoint, std::size_t slot,
                          PyObject* region);

// A request of a region with a list, that goes to `data` by the strides of the
// dimensions it keeps.
GatherRequest MakeGather(std::size_t slot, ParsedRegion parsed,
                         std::uint8_t* data,
                         const std::vector<std::int64_t>& strides);

// A writable copy of a region with a list. Needs the GIL.
pybind11::object ReadRows(const CheckpointReader& checkpoint, std::size_t slot,
                          const ParsedRegion& parsed, std::size_t threads,
                          bool steadily, std::optional<bool> check);

}  // namespace fastckpt::internal
