#include "numpy_types.h"

#define PY_ARRAY_UNIQUE_SYMBOL fastckpt_numpy
#define NO_IMPORT_ARRAY
#include <numpy/arrayobject.h>

#include <algorithm>
#include <array>

#include "bind_imports.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// NumPy's own types by TensorFlow's number; ml_dtypes' by name, which are the
// same on both sides. -1: neither.
int NumpyType(DType dtype) {
  switch (dtype) {
    case DType::kFloat:
      return NPY_FLOAT32;
    case DType::kDouble:
      return NPY_FLOAT64;
    case DType::kInt32:
    case DType::kQint32:
      return NPY_INT32;
    case DType::kUint8:
    case DType::kQuint8:
      return NPY_UINT8;
    case DType::kInt16:
    case DType::kQint16:
      return NPY_INT16;
    case DType::kInt8:
    case DType::kQint8:
      return NPY_INT8;
    case DType::kString:
      return NPY_OBJECT;
    case DType::kComplex64:
      return NPY_COMPLEX64;
    case DType::kInt64:
      return NPY_INT64;
    case DType::kBool:
      return NPY_BOOL;
    case DType::kUint16:
    case DType::kQuint16:
      return NPY_UINT16;
    case DType::kComplex128:
      return NPY_COMPLEX128;
    case DType::kHalf:
      return NPY_FLOAT16;
    case DType::kUint32:
      return NPY_UINT32;
    case DType::kUint64:
      return NPY_UINT64;
    default:
      return -1;
  }
}

py::object MakeDType(DType dtype) {
  const int type = NumpyType(dtype);
  if (type >= 0) {
    return py::reinterpret_steal<py::object>(
        reinterpret_cast<PyObject*>(PyArray_DescrFromType(type)));
  }
  if (ElementSize(dtype) == 0) return py::none();
  const py::module_ module = ImportLate("ml_dtypes");
  return py::module_::import("numpy").attr("dtype")(
      module.attr(DTypeName(dtype).c_str()));
}

// Leaked on purpose: module state that lives as long as the interpreter.
using ObjectRow = std::array<PyObject*, kMaxDType + 1>;

std::size_t RowIndex(DType dtype) {
  const auto number = static_cast<std::int32_t>(dtype);
  return number > 0 && number <= kMaxDType ? static_cast<std::size_t>(number)
                                           : 0;
}

py::object MakeShape(Dims dims) {
  py::tuple shape(dims.size());
  for (std::size_t i = 0; i < dims.size(); ++i) {
    PyTuple_SET_ITEM(shape.ptr(), static_cast<Py_ssize_t>(i),
                     PyLong_FromLongLong(dims[i]));
  }
  // Numbers alone make no circle; the collector would find that out for each.
  PyObject_GC_UnTrack(shape.ptr());
  return shape;
}

// The shapes made last: a hundred thousand tensors share a handful of them.
// Requires the GIL.
class ShapeCache {
 public:
  py::object Get(Dims dims) {
    if (dims.size() > kMaxDims) return MakeShape(dims);
    Cell& cell = cells_[Hash(dims) % cells_.size()];
    if (!cell.shape || !std::equal(dims.begin(), dims.end(), cell.dims.begin(),
                                   cell.dims.begin() + cell.rank)) {
      cell.shape = MakeShape(dims);
      cell.rank = static_cast<std::ptrdiff_t>(dims.size());
      std::copy(dims.begin(), dims.end(), cell.dims.begin());
    }
    return cell.shape;
  }

 private:
  static constexpr std::size_t kMaxDims = 4;

  struct Cell {
    std::ptrdiff_t rank = 0;
    std::array<std::int64_t, kMaxDims> dims{};
    py::object shape;
  };

  static std::size_t Hash(Dims dims) {
    std::size_t hash = dims.size();
    for (const std::int64_t dim : dims) {
      hash = hash * 31 + static_cast<std::size_t>(dim);
    }
    return hash ^ hash >> 8;
  }

  std::array<Cell, 256> cells_;
};

}  // namespace

py::handle DTypeToPython(DType dtype) {
  static ObjectRow row{};
  PyObject*& cell = row[RowIndex(dtype)];
  if (cell == nullptr) cell = MakeDType(dtype).release().ptr();
  return cell;
}

py::object DTypeNameToPython(DType dtype) {
  static ObjectRow row{};
  const std::size_t index = RowIndex(dtype);
  if (index == 0) return py::str(DTypeName(dtype));
  PyObject*& cell = row[index];
  if (cell == nullptr) {
    cell = PyUnicode_InternFromString(DTypeName(dtype).c_str());
  }
  return py::reinterpret_borrow<py::object>(cell);
}

py::object DimsToPython(Dims dims) {
  // Leaked on purpose, as dtypes are.
  static ShapeCache& cache = *new ShapeCache;
  return cache.Get(dims);
}

}  // namespace fastckpt::internal
