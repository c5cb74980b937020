// Imports that are put off until somebody needs them: see ImportGate.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

// Imports a module under the gate. Requires the GIL.
pybind11::module_ ImportLate(const char* name);

void RegisterImports(pybind11::module_& module);

}  // namespace fastckpt::internal
