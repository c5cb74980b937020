#include "tensor_values.h"

#include <array>

#include "error_border.h"
#include "numpy_types.h"
#include "reader.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// The reader of a tensor's checkpoint, kept for one call. Throws ValueError for
// one that was closed.
class OpenReader {
 public:
  explicit OpenReader(const TensorObject& tensor) {
    static PyObject* name = PyUnicode_InternFromString("_reader");
    PyObject* found = PyObject_GetAttr(tensor.checkpoint, name);
    if (found == nullptr) throw py::error_already_set();
    object_ = py::reinterpret_steal<py::object>(found);
    reader_ = ReaderIn(found);
    // What stands for the reader of a closed checkpoint says so.
    if (reader_ == nullptr) static_cast<void>(py::getattr(object_, "read"));
    if (reader_ == nullptr) throw py::type_error("no reader of a checkpoint");
  }
  const Reader* operator->() const { return reader_; }

 private:
  py::object object_;
  const Reader* reader_;
};

bool IsOther(const TensorObject& tensor, const py::object& dtype) {
  return !dtype.is_none() && !dtype.equal(DTypeOf(tensor));
}

// __array__ as NumPy 2 defines it; `dtype` is a numpy.dtype or None.
py::object AsArray(const TensorObject& tensor, const py::object& dtype,
                   const py::object& copy) {
  const OpenReader reader(tensor);
  const TensorSource& source = SourceOf(tensor);
  WithName(source, tensor.slot, [&] { source.CheckShape(tensor.slot); });
  const bool is_cast = IsOther(tensor, dtype);
  const bool is_copy = !copy.is_none() && py::bool_(copy);
  const bool is_view = !copy.is_none() && !is_copy;
  if (is_view && (is_cast || !source.IsView(tensor.slot))) {
    throw py::value_error(
        "Unable to avoid copy while creating an array as requested: tensor " +
        Quote(source.Name(tensor.slot)) +
        (is_cast ? " has another dtype" : " is no view of a file"));
  }
  if (is_copy && !is_cast) {
    return reader->Read(tensor.slot, py::none(), tensor.threads);
  }
  const py::object array = reader->Get(tensor.slot, tensor.threads);
  return is_cast ? py::object(array.attr("astype")(dtype)) : array;
}

}  // namespace

PyObject* ReadRegion(PyObject* self, PyObject* region) {
  return Guarded([&] {
    if (region == Py_None) {
      throw py::index_error("a region adds no dimensions: None is no index");
    }
    const TensorObject& tensor = TensorIn(self);
    return OpenReader(tensor)
        ->Read(tensor.slot, region, tensor.threads)
        .release()
        .ptr();
  });
}

Py_ssize_t CountRows(PyObject* self) {
  const Dims dims = DimsOf(TensorIn(self));
  if (!dims.empty()) return static_cast<Py_ssize_t>(dims[0]);
  PyErr_SetString(PyExc_TypeError, "a tensor of no dimension has no len()");
  return -1;
}

PyObject* ReadRow(PyObject* self, Py_ssize_t row) {
  const Py_ssize_t count = CountRows(self);
  if (count < 0) return nullptr;
  if (row < 0 || row >= count) {
    PyErr_SetString(PyExc_IndexError, "there is no such row");
    return nullptr;
  }
  return Guarded([&] { return ReadRegion(self, py::int_(row).ptr()); });
}

PyObject* IterateRows(PyObject* self) {
  if (!DimsOf(TensorIn(self)).empty()) return PySeqIter_New(self);
  PyErr_SetString(PyExc_TypeError, "a tensor of no dimension has no rows");
  return nullptr;
}

PyObject* ReadArray(PyObject* self, PyObject* args, PyObject* keywords) {
  static std::array<char*, 3> names = {const_cast<char*>("dtype"),
                                       const_cast<char*>("copy"), nullptr};
  PyObject* dtype = Py_None;
  PyObject* copy = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|OO:__array__",
                                   names.data(), &dtype, &copy)) {
    return nullptr;
  }
  return Guarded([&] {
    py::object wanted = py::reinterpret_borrow<py::object>(dtype);
    if (!wanted.is_none()) {
      wanted = py::module_::import("numpy").attr("dtype")(wanted);
    }
    return AsArray(TensorIn(self), wanted,
                   py::reinterpret_borrow<py::object>(copy))
        .release()
        .ptr();
  });
}

py::object DTypeOf(const TensorObject& tensor) {
  return py::reinterpret_borrow<py::object>(
      DTypeToPython(SourceOf(tensor).TypeOf(tensor.slot)));
}

}  // namespace fastckpt::internal
