// The reading half of the module: Reader over a Checkpoint, Progress, probe.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt {

void RegisterReader(pybind11::module_& module);

}  // namespace fastckpt
