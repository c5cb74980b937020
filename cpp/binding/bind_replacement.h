// Bind replacement: one file replaced at once, and the lock of a prefix.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterReplacement(pybind11::module_& m);

}  // namespace fastckpt::internal
