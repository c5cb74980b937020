// ArrayMaker: arrays over the memory that a checkpoint hands out.
//
// All views of one mapping have one owner, which this keeps; what a call made
// has owners of its own.
//
// Thread-safety: with the interpreter lock.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "fastckpt/read/checkpoint_reader.h"
#include "numpy_view.h"

namespace fastckpt::internal {

// Makes arrays of one checkpoint's tensors. Needs the GIL.
class ArrayMaker {
 public:
  // `source` must outlive it.
  explicit ArrayMaker(const TensorSource& source) : source_(source) {}

  // A tensor's view of a mapping, read-only.
  pybind11::object MakeView(std::size_t slot, const ArrayBytes& bytes);

  // The arrays of many tensors, views or in memory of their own.
  pybind11::list MakeAll(const std::vector<std::size_t>& slots,
                         const std::vector<ArrayBytes>& arrays,
                         bool is_writable);

  // Keeps no owner any more.
  void Forget() { mappings_ = {}; }

 private:
  // The object for a mapping, null if it is none.
  PyObject* MappingOwner(const std::shared_ptr<const void>& mapping);
  PyObject* OwnerOf(const ArrayBytes& bytes, OwnerCache* others);

  const TensorSource& source_;
  OwnerCache mappings_;
};

// A writable array in memory of its own.
pybind11::object MakeCopy(const ArrayBytes& bytes, DType dtype, Dims dims);

}  // namespace fastckpt::internal
