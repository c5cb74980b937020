// Editing, as Python sees it: _native.merge and _native.rewrite.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterEdit(pybind11::module_& m);

}  // namespace fastckpt::internal
