// Casts of floats, while tensors are copied and of arrays that are there.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterCasts(pybind11::module_& module);

}  // namespace fastckpt::internal
