// The object graph, as Python sees it: plain tuples, and the bytes.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterObjects(pybind11::module_& module);

}  // namespace fastckpt::internal
