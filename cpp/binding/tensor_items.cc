#include "tensor_items.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <bit>
#include <string>
#include <utility>

#include "dlpack.h"
#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

namespace py = pybind11;

StridedArray ArrayOf(const py::array& values, DType dtype) {
  StridedArray array;
  array.data = static_cast<const std::uint8_t*>(values.data());
  array.dims.assign(values.shape(), values.shape() + values.ndim());
  array.strides.assign(values.strides(), values.strides() + values.ndim());
  array.item_size = static_cast<std::size_t>(values.itemsize());
  const char order = values.dtype().byteorder();
  const bool is_native_big = std::endian::native == std::endian::big;
  if (order == '>' || (order == '=' && is_native_big)) {
    array.swap_unit = SwapUnit(dtype);
  }
  return array;
}

std::string_view StringOf(const std::string& name, py::handle element,
                          std::size_t i) {
  char* bytes = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_Check(element.ptr())) {
    PyBytes_AsStringAndSize(element.ptr(), &bytes, &size);
    return {bytes, static_cast<std::size_t>(size)};
  }
  if (!PyUnicode_Check(element.ptr())) {
    throw py::type_error("tensor " + Quote(name) + ": element " +
                         std::to_string(i) + " is of type " +
                         Py_TYPE(element.ptr())->tp_name +
                         "; string tensors hold bytes or str");
  }
  const char* text = PyUnicode_AsUTF8AndSize(element.ptr(), &size);
  if (text == nullptr) {
    PyErr_Clear();
    ThrowInvalid("tensor " + Quote(name) + ": element " + std::to_string(i) +
                 " is text with lone surrogates, which UTF-8 does not have; "
                 "give bytes");
  }
  return {text, static_cast<std::size_t>(size)};
}

StringValues StringsOf(const std::string& name, const py::list& elements) {
  StringValues values;
  values.reserve(elements.size());
  for (const py::handle element : elements) {
    values.push_back(StringOf(name, element, values.size()));
  }
  return values;
}

// Bits of a byte that a type below a byte may set.
std::uint8_t MaskOf(DType dtype) {
  switch (dtype) {
    case DType::kInt4:
    case DType::kUint4:
    case DType::kFloat4E2m1fn:
      return 0x0f;
    case DType::kInt2:
    case DType::kUint2:
      return 0x03;
    default:
      return 0xff;
  }
}

// `begin` has None where the slice is to be spelled as the whole dimension; a
// dimension without elements can only be spelled so.
Placement PlacementOf(const py::tuple& full, const py::tuple& begin,
                      const std::vector<std::int64_t>& dims) {
  Placement placement;
  placement.full_dims = full.cast<std::vector<std::int64_t>>();
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const bool is_whole =
        begin[i].is_none() || (i < dims.size() && dims[i] == 0);
    placement.spec.push_back(is_whole ? Extent{}
                                      : Extent{begin[i].cast<std::int64_t>(),
                                               i < dims.size() ? dims[i] : 0});
  }
  return placement;
}

DType DTypeOf(const std::string& tensor, const std::string& name) {
  const DType dtype = FindDType(name);
  if (dtype == DType::kInvalid) {
    ThrowUnsupported("values of dtype " + name +
                         " have no form in a checkpoint; convert them first",
                     Where{{}, {}, tensor});
  }
  return dtype;
}

TensorInput InputOf(const py::tuple& item) {
  TensorInput input;
  input.name = item[0].cast<std::string>();
  input.dtype = DTypeOf(input.name, item[1].cast<std::string>());
  const py::object values = item[2];
  if (py::isinstance<py::list>(values)) {
    input.values = StringsOf(input.name, values);
    input.dims = item[3].cast<std::vector<std::int64_t>>();
  } else {
    DType ignored = DType::kInvalid;
    StridedArray array = IsDlpackCapsule(values)
                             ? ArrayOfCapsule(values, &ignored)
                             : ArrayOf(values.cast<py::array>(), input.dtype);
    array.byte_mask = MaskOf(input.dtype);
    input.dims = array.dims;
    input.values = std::move(array);
  }
  if (!item[4].is_none()) {
    const py::tuple placement = item[4];
    input.placement = PlacementOf(placement[0], placement[1], input.dims);
  }
  return input;
}

}  // namespace

std::vector<TensorInput> InputsOf(const py::list& items) {
  std::vector<TensorInput> inputs;
  inputs.reserve(items.size());
  for (const py::handle item : items) {
    inputs.push_back(InputOf(py::reinterpret_borrow<py::tuple>(item)));
  }
  return inputs;
}

}  // namespace fastckpt::internal
