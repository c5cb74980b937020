// TensorInfo: what the index says about one tensor, as a Python object.
//
// A plain C type whose attributes are made when asked for: a hundred thousand
// of them cost a few milliseconds, where objects with a dictionary each would
// cost ten times the index itself.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "fastckpt/read/checkpoint_reader.h"

namespace fastckpt::internal {

// Adds the type to the module. Throws error_already_set.
void RegisterTensorInfo(pybind11::module_& module);

// A new reference to the info of a slot; null with an exception set.
PyObject* MakeTensorInfo(
    const std::shared_ptr<const CheckpointReader>& checkpoint,
    std::size_t slot);

}  // namespace fastckpt::internal
