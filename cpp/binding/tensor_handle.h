// TensorHandle: a tensor of an open checkpoint, as a Python object that reads
// nothing until it is sliced.
//
// A plain C type, as TensorInfo is and for the same reason; a slice goes into
// the core without a frame of Python. It keeps the checkpoint, and asks it for
// its reader each time: who closes the checkpoint closes the files.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "fastckpt/read/checkpoint_reader.h"

namespace fastckpt::internal {

// Adds the type to the module. Throws error_already_set.
void RegisterTensor(pybind11::module_& module);

// A new reference to the handle of a slot; null with an exception set. What the
// index says is asked of `facts`, values of `checkpoint`, a Checkpoint.
PyObject* MakeTensor(PyObject* checkpoint,
                     const std::shared_ptr<const CheckpointReader>& facts,
                     std::size_t slot, std::size_t threads);

}  // namespace fastckpt::internal
