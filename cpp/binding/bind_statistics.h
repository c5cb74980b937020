// What can be said of the numbers of tensors, as Python sees it: plain tuples.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

// Adds describe_tensors and describe_numbers to the module.
void RegisterStatistics(pybind11::module_& module);

}  // namespace fastckpt::internal
