// TensorValues: what a handle of a tensor reads, and how it looks.
//
// The functions with a PyObject are slots of the type: null or -1 with an
// exception set.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>

#include "fastckpt/read/checkpoint_reader.h"

namespace fastckpt::internal {

struct TensorObject {
  PyObject_HEAD;
  std::shared_ptr<const CheckpointReader> facts;  // what the index says
  std::size_t slot;
  std::size_t threads;
  PyObject* checkpoint;  // a Checkpoint
  PyObject* weak_references;
};

inline TensorObject& TensorIn(PyObject* self) {
  return *reinterpret_cast<TensorObject*>(self);
}

inline const TensorSource& SourceOf(const TensorObject& tensor) {
  return tensor.facts->source();
}

inline Dims DimsOf(const TensorObject& tensor) {
  return SourceOf(tensor).DimsOf(tensor.slot);
}

// t[region]; len(t); the parts of iter(t).
PyObject* ReadRegion(PyObject* self, PyObject* region);
Py_ssize_t CountRows(PyObject* self);
PyObject* ReadRow(PyObject* self, Py_ssize_t row);
PyObject* IterateRows(PyObject* self);

// t.__array__(dtype=None, copy=None), as NumPy 2 defines it.
PyObject* ReadArray(PyObject* self, PyObject* args, PyObject* keywords);

pybind11::object DTypeOf(const TensorObject& tensor);

}  // namespace fastckpt::internal
