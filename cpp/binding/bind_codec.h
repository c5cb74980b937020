// CRC32C and Snappy as functions, for comparison with other implementations.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterCodec(pybind11::module_& module);

}  // namespace fastckpt::internal
