// The reading half of the module: Reader over a CheckpointReader, Progress,
// probe.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterReader(pybind11::module_& module);

}  // namespace fastckpt::internal
