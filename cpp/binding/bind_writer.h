// Writing, as Python sees it: _native.Writer.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterWriter(pybind11::module_& m);

}  // namespace fastckpt::internal
