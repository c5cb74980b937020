// IndexList: a list of indices as callers write it, for one axis.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fastckpt::internal {

// The list or array of one axis or more that an index is: of another library's
// array NumPy's, of a range a list; null if it is none. Needs the GIL.
pybind11::object AsIndexList(PyObject* item);

// The indices, all in [0, dim). Throws TypeError unless they are a list of
// integers or a 1-d array of an integer dtype, IndexError if one is out of
// bounds for the axis.
std::vector<std::int64_t> TakeIndexList(PyObject* item, std::int64_t dim,
                                        std::size_t axis);

}  // namespace fastckpt::internal
