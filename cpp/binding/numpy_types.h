// NumPy types: dtypes and shapes as Python objects, made once and given out
// again.
//
// Thread-safety: with the interpreter lock.
#pragma once

#include <pybind11/pybind11.h>

#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {

// A borrowed dtype for a stored type (ml_dtypes loads with the first type that
// needs it), None for types that have none. Throws error_already_set.
pybind11::handle DTypeToPython(DType dtype);

// A str, TensorFlow's name.
pybind11::object DTypeNameToPython(DType dtype);

pybind11::object DimsToPython(Dims dims);

}  // namespace fastckpt::internal
