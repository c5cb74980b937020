// Bind files: which files a checkpoint has, where they lie, and what state
// files say.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterFiles(pybind11::module_& module);

}  // namespace fastckpt::internal
