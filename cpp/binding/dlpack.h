// DLPack: arrays of other libraries, of types that NumPy cannot take too.
//
// Only what a reader of CPU arrays needs of the interface; the structures are
// those of its stable ABI, version 1, and of the unversioned one before it.
//
// Source: dmlc/dlpack, include/dlpack/dlpack.h.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/strided_array.h"

namespace fastckpt::internal {

// Gives the array in a capsule, which must stay alive while the array is used.
// Throws Invalid if the capsule is no DLPack capsule or its array is not in
// memory that the CPU reads, Unsupported for types that checkpoints lack.
// Requires the GIL.
StridedArray ArrayOfCapsule(const pybind11::capsule& capsule, DType* dtype);

// True if the object is a DLPack capsule.
bool IsDlpackCapsule(const pybind11::object& object);

}  // namespace fastckpt::internal
