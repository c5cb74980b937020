#include "numpy_view.h"

#define PY_ARRAY_UNIQUE_SYMBOL fastckpt_numpy
#include <numpy/arrayobject.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "fastckpt/base/error.h"
#include "lock.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// Keeps what an array's memory lies in.
struct Owner {
  Owner(std::shared_ptr<const void> owner, std::uint64_t bytes)
      : held(std::move(owner)), mapped_bytes(bytes) {}
  ~Owner() {
    Unmap(held.use_count() == 1 ? mapped_bytes : 0, [&] { held.reset(); });
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  std::shared_ptr<const void> held;
  std::uint64_t mapped_bytes;
};

PyArray_Descr* NewDescr(DType dtype) {
  auto* descr = reinterpret_cast<PyArray_Descr*>(DTypeToPython(dtype).ptr());
  Py_INCREF(descr);
  return descr;
}

std::vector<npy_intp> ToIntp(Dims dims) { return {dims.begin(), dims.end()}; }

bool IsAligned(const void* data, const PyArray_Descr* descr) {
  const auto alignment = static_cast<std::uintptr_t>(
      PyDataType_ALIGNMENT(const_cast<PyArray_Descr*>(descr)));
  return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
}

// Calls visit(place, string) for the elements of one piece, with their places
// in the flat tensor.
template <typename Visit>
void ForEachString(const StringPiece& piece, Dims dims, Visit&& visit) {
  const std::vector<std::int64_t> strides = ContiguousStrides(dims, 1);
  std::vector<std::int64_t> index(dims.size(), 0);
  const auto* at = reinterpret_cast<const char*>(piece.bytes.data());
  for (const std::uint64_t size : piece.sizes) {
    std::int64_t place = 0;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      place += (piece.box.begin[i] + index[i]) * strides[i];
    }
    visit(place, std::string_view(at, static_cast<std::size_t>(size)));
    at += size;
    for (std::size_t i = dims.size(); i-- > 0;) {
      if (++index[i] < piece.box.extent[i]) break;
      index[i] = 0;
    }
  }
}

void PutString(std::string_view text, PyObject** place) {
  PyObject* value = PyBytes_FromStringAndSize(
      text.data(), static_cast<Py_ssize_t>(text.size()));
  if (value == nullptr) throw py::error_already_set();
  Py_XSETREF(*place, value);
}

}  // namespace

void RegisterNumpy(py::module_& module) {
  if (_import_array() < 0) throw py::error_already_set();
  py::class_<Owner>(module, "_Owner", "Keeps the memory that arrays view.");
}

PyObject* OwnerCache::Find(const void* owner) {
  if (last_ && owner == last_key_) return last_;
  const auto found = owners_.find(owner);
  if (found == owners_.end()) return nullptr;
  last_key_ = owner;
  last_ = found->second.ptr();
  return last_;
}

PyObject* OwnerCache::Add(const std::shared_ptr<const void>& owner,
                          std::uint64_t mapped_bytes) {
  auto made = std::make_unique<Owner>(owner, mapped_bytes);
  owners_[owner.get()] = py::cast(std::move(made));
  return Find(owner.get());
}

PyObject* MakeArray(const ArrayBytes& bytes, DType dtype, Dims dims,
                    bool is_writable, PyObject* owner) {
  PyArray_Descr* descr = NewDescr(dtype);
  int flags = is_writable ? NPY_ARRAY_WRITEABLE : 0;
  if (IsAligned(bytes.data, descr)) flags |= NPY_ARRAY_ALIGNED;
  // Not set first: what has more dimensions was refused.
  std::array<npy_intp, kMaxNumpyRank> shape;
  std::copy(dims.begin(), dims.end(), shape.begin());
  PyObject* array = PyArray_NewFromDescr(
      &PyArray_Type, descr, static_cast<int>(dims.size()), shape.data(),
      nullptr, const_cast<std::uint8_t*>(bytes.data), flags, nullptr);
  if (array == nullptr) throw py::error_already_set();
  auto* typed = reinterpret_cast<PyArrayObject*>(array);
  if (bytes.data == nullptr) {
    // An empty file's mapping has no address: NumPy gave memory of its own.
    if (!is_writable) PyArray_CLEARFLAGS(typed, NPY_ARRAY_WRITEABLE);
    return array;
  }
  Py_INCREF(owner);
  if (PyArray_SetBaseObject(typed, owner) < 0) {
    Py_DECREF(array);
    throw py::error_already_set();
  }
  return array;
}

py::object MakeStringArray(const std::vector<StringPiece>& pieces, Dims dims,
                           bool is_writable) {
  std::vector<npy_intp> shape = ToIntp(dims);
  PyObject* array = PyArray_SimpleNew(static_cast<int>(dims.size()),
                                      shape.data(), NPY_OBJECT);
  if (array == nullptr) throw py::error_already_set();
  auto owned = py::reinterpret_steal<py::object>(array);
  auto* typed = reinterpret_cast<PyArrayObject*>(array);
  auto** flat = static_cast<PyObject**>(PyArray_DATA(typed));
  for (const StringPiece& piece : pieces) {
    ForEachString(piece, dims, [&](std::int64_t place, std::string_view text) {
      PutString(text, &flat[place]);
    });
  }
  if (!is_writable) PyArray_CLEARFLAGS(typed, NPY_ARRAY_WRITEABLE);
  return owned;
}

py::object MakeStringsAt(const std::vector<StringPiece>& pieces, Dims dims,
                         py::handle places) {
  // No bytes object for what nobody asked for: that is most of the time.
  std::vector<std::string_view> all(
      static_cast<std::size_t>(ElementCount(dims)));
  for (const StringPiece& piece : pieces) {
    ForEachString(piece, dims, [&](std::int64_t place, std::string_view text) {
      all[static_cast<std::size_t>(place)] = text;
    });
  }
  auto* wanted = reinterpret_cast<PyArrayObject*>(places.ptr());
  PyObject* array =
      PyArray_SimpleNew(PyArray_NDIM(wanted), PyArray_DIMS(wanted), NPY_OBJECT);
  if (array == nullptr) throw py::error_already_set();
  auto owned = py::reinterpret_steal<py::object>(array);
  auto** to = static_cast<PyObject**>(
      PyArray_DATA(reinterpret_cast<PyArrayObject*>(array)));
  const auto* from = static_cast<const std::int64_t*>(PyArray_DATA(wanted));
  for (npy_intp i = 0; i < PyArray_SIZE(wanted); ++i) {
    PutString(all[static_cast<std::size_t>(from[i])], &to[i]);
  }
  return owned;
}

namespace {

// Whether some elements of an array must be in each other's place: there are
// more bytes of them than there is memory. Finer overlaps are not looked for.
bool OverlapsItself(PyArrayObject* array) {
  npy_intp reach = PyArray_ITEMSIZE(array);
  for (int i = 0; i < PyArray_NDIM(array); ++i) {
    if (PyArray_DIM(array, i) == 0) return false;
    const npy_intp stride = PyArray_STRIDE(array, i);
    reach += (PyArray_DIM(array, i) - 1) * (stride < 0 ? -stride : stride);
  }
  return reach < PyArray_NBYTES(array);
}

std::string ShapeText(const std::vector<std::int64_t>& shape) {
  return py::str(DimsToPython(shape)).cast<std::string>();
}

}  // namespace

OutArray ViewOutArray(py::handle array, DType dtype,
                      const std::vector<std::int64_t>& shape,
                      const char* whose) {
  if (!PyArray_Check(array.ptr())) {
    throw py::type_error("out must be a numpy.ndarray");
  }
  auto* typed = reinterpret_cast<PyArrayObject*>(array.ptr());
  auto* wanted = reinterpret_cast<PyArray_Descr*>(DTypeToPython(dtype).ptr());
  if (PyArray_DESCR(typed) != wanted &&
      !PyArray_EquivTypes(PyArray_DESCR(typed), wanted)) {
    throw py::type_error(
        "out has dtype " +
        py::str(py::handle(reinterpret_cast<PyObject*>(PyArray_DESCR(typed))))
            .cast<std::string>() +
        ", " + whose + " " + py::str(DTypeToPython(dtype)).cast<std::string>());
  }
  if (!PyArray_ISWRITEABLE(typed)) {
    throw py::value_error("out is read-only");
  }
  if (OverlapsItself(typed)) {
    throw py::value_error(
        "out has several elements in one place (such as numpy.broadcast_to and "
        "torch's expand make)");
  }
  const int rank = PyArray_NDIM(typed);
  const std::vector<std::int64_t> own(PyArray_DIMS(typed),
                                      PyArray_DIMS(typed) + rank);
  if (own != shape) {
    throw py::value_error("out has shape " + ShapeText(own) + ", the region " +
                          ShapeText(shape));
  }
  return {static_cast<std::uint8_t*>(PyArray_DATA(typed)),
          {PyArray_STRIDES(typed), PyArray_STRIDES(typed) + rank}};
}

}  // namespace fastckpt::internal
