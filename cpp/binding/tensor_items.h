// Tensor items: tensors to be written, as Python gives them to the core.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "fastckpt/tensor/tensor_input.h"

namespace fastckpt::internal {

// An item is (name, dtype, values, shape, placement): `values` is a NumPy array
// or a DLPack capsule, whose own shape counts, or a list of bytes and str of
// that shape; `placement` None or (full_shape, begin). The items keep what the
// inputs point to alive.
std::vector<TensorInput> InputsOf(const pybind11::list& items);

}  // namespace fastckpt::internal
