// Python's face of v2/aside_set.h: what a save that was killed set aside.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

void RegisterAside(pybind11::module_& module);

}  // namespace fastckpt::internal
