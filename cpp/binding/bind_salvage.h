// Salvage, as Python sees it: indexes that are made of what is left of others.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt::internal {

// salvage_index, adopt_index and salvage_table.
void RegisterSalvage(pybind11::module_& module);

}  // namespace fastckpt::internal
