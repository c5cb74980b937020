#include "index_list.h"

#define NO_IMPORT_ARRAY
#define PY_ARRAY_UNIQUE_SYMBOL fastckpt_numpy
#include <numpy/arrayobject.h>

#include <limits>
#include <string>

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

[[noreturn]] void ThrowOutOfBounds(const std::string& index, std::int64_t dim,
                                   std::size_t axis) {
  throw py::index_error("index " + index + " is out of bounds for axis " +
                        std::to_string(axis) + " with size " +
                        std::to_string(dim));
}

[[noreturn]] void ThrowNoList(const std::string& found) {
  throw py::type_error(
      "a list of indices must be a list of integers or a 1-d array of an "
      "integer dtype (numpy.flatnonzero makes one of a mask), not " +
      found);
}

void Resolve(std::int64_t dim, std::size_t axis,
             std::vector<std::int64_t>* ids) {
  for (std::int64_t& id : *ids) {
    if (id < -dim || id >= dim) ThrowOutOfBounds(std::to_string(id), dim, axis);
    if (id < 0) id += dim;
  }
}

std::int64_t TakeNumber(PyObject* item, std::int64_t dim, std::size_t axis) {
  const bool is_bool = PyBool_Check(item) || PyArray_IsScalar(item, Bool);
  if (is_bool || PyArray_Check(item) || !PyIndex_Check(item)) {
    ThrowNoList(std::string("a list of ") + Py_TYPE(item)->tp_name);
  }
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(item));
  if (!number) throw py::error_already_set();
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow != 0) {
    ThrowOutOfBounds(py::str(number).cast<std::string>(), dim, axis);
  }
  return value;
}

std::vector<std::int64_t> FromList(PyObject* list, std::int64_t dim,
                                   std::size_t axis) {
  std::vector<std::int64_t> ids;
  ids.reserve(static_cast<std::size_t>(PyList_GET_SIZE(list)));
  // Whose __index__ is called may change the list.
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    const auto item =
        py::reinterpret_borrow<py::object>(PyList_GET_ITEM(list, i));
    ids.push_back(TakeNumber(item.ptr(), dim, axis));
  }
  return ids;
}

std::vector<std::int64_t> FromArray(PyArrayObject* array, std::int64_t dim,
                                    std::size_t axis) {
  if (PyArray_NDIM(array) != 1) {
    ThrowNoList("an array of " + std::to_string(PyArray_NDIM(array)) +
                " dimensions");
  }
  if (!PyArray_ISINTEGER(array)) {
    ThrowNoList(
        "an array of dtype " +
        py::str(py::handle(reinterpret_cast<PyObject*>(PyArray_DESCR(array))))
            .cast<std::string>());
  }
  const auto cast = py::reinterpret_steal<py::object>(PyArray_FromArray(
      array, PyArray_DescrFromType(NPY_INT64),
      NPY_ARRAY_CARRAY_RO | NPY_ARRAY_NOTSWAPPED | NPY_ARRAY_FORCECAST));
  if (!cast) throw py::error_already_set();
  auto* numbers = reinterpret_cast<PyArrayObject*>(cast.ptr());
  const auto* data = static_cast<const std::int64_t*>(PyArray_DATA(numbers));
  std::vector<std::int64_t> ids(data, data + PyArray_DIM(numbers, 0));
  if (PyArray_ISUNSIGNED(array)) {
    for (const std::int64_t id : ids) {
      if (id >= 0) continue;
      ThrowOutOfBounds(std::to_string(static_cast<std::uint64_t>(id)), dim,
                       axis);
    }
  }
  return ids;
}

// Whether an array of another library has an axis.
bool HasDimensions(PyObject* item) {
  const auto rank =
      py::reinterpret_steal<py::object>(PyObject_GetAttrString(item, "ndim"));
  if (!rank) {
    PyErr_Clear();
    return false;
  }
  const long number = PyLong_AsLong(rank.ptr());
  if (number == -1 && PyErr_Occurred()) PyErr_Clear();
  return number > 0;
}

}  // namespace

py::object AsIndexList(PyObject* item) {
  if (PyList_Check(item)) return py::reinterpret_borrow<py::object>(item);
  if (PyArray_Check(item)) {
    const bool is_list =
        PyArray_NDIM(reinterpret_cast<PyArrayObject*>(item)) > 0;
    return is_list ? py::reinterpret_borrow<py::object>(item) : py::object();
  }
  if (PyRange_Check(item)) {
    auto list = py::reinterpret_steal<py::object>(PySequence_List(item));
    if (!list) throw py::error_already_set();
    return list;
  }
  // Of torch, JAX, pandas ...: a number of theirs is an index, too.
  if (PyLong_Check(item) || PyArray_CheckScalar(item) || PySlice_Check(item) ||
      !PyObject_HasAttrString(item, "__array__") || !HasDimensions(item)) {
    return py::object();
  }
  auto array = py::reinterpret_steal<py::object>(
      PyArray_FromAny(item, nullptr, 0, 0, NPY_ARRAY_ENSUREARRAY, nullptr));
  if (!array) throw py::error_already_set();
  return array;
}

std::vector<std::int64_t> TakeIndexList(PyObject* list, std::int64_t dim,
                                        std::size_t axis) {
  std::vector<std::int64_t> ids =
      PyList_Check(list)
          ? FromList(list, dim, axis)
          : FromArray(reinterpret_cast<PyArrayObject*>(list), dim, axis);
  Resolve(dim, axis, &ids);
  return ids;
}

}  // namespace fastckpt::internal
