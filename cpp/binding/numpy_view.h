// NumPy views: arrays over the core's memory, by the NumPy C API.
//
// All arrays over one mapping or one slab share one owner object: a capsule for
// each array costs twice as much as the array.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "fastckpt/read/checkpoint_reader.h"
#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/shape.h"
#include "numpy_types.h"

namespace fastckpt::internal {

// Imports NumPy's C API and registers the owner type. Throws error_already_set.
void RegisterNumpy(pybind11::module_& module);

// The Python objects that keep memory for arrays, one per C++ owner.
class OwnerCache {
 public:
  // A borrowed object that holds `owner`, null if there is none yet.
  PyObject* Find(const void* owner);
  // Makes one. `mapped_bytes` are a mapping's, 0 for other memory.
  PyObject* Add(const std::shared_ptr<const void>& owner,
                std::uint64_t mapped_bytes);

 private:
  // Most arrays in a row have the same owner.
  const void* last_key_ = nullptr;
  PyObject* last_ = nullptr;
  std::unordered_map<const void*, pybind11::object> owners_;
};

// A C-ordered array over `bytes`; a new reference. `owner` is kept by it.
PyObject* MakeArray(const ArrayBytes& bytes, DType dtype, Dims dims,
                    bool is_writable, PyObject* owner);

// An array of bytes objects; pieces cover the shape. Read-only if asked for.
pybind11::object MakeStringArray(const std::vector<StringPiece>& pieces,
                                 Dims dims, bool is_writable);

// The elements at `places`, flat ones in a C-ordered int64 array, in an array
// of its shape.
pybind11::object MakeStringsAt(const std::vector<StringPiece>& pieces,
                               Dims dims, pybind11::handle places);

// The memory and strides of a writable array of that dtype, for a region whose
// kept dimensions the array has. Throws ValueError or TypeError with both
// shapes or dtypes if it does not fit; `whose` wants that dtype.
struct OutArray {
  std::uint8_t* data = nullptr;
  std::vector<std::int64_t> strides;
};
OutArray ViewOutArray(pybind11::handle array, DType dtype,
                      const std::vector<std::int64_t>& shape,
                      const char* whose = "the tensor");

}  // namespace fastckpt::internal
