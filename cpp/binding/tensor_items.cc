#include "tensor_items.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <bit>
#include <optional>
#include <string>
#include <utility>

#include "dlpack.h"
#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

namespace py = pybind11;

StridedArray ArrayOfNumpy(const py::array& values, DType dtype) {
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

DType DTypeOf(const std::string& tensor, const std::string& name) {
  return WithContext(Where{{}, {}, tensor}, [&] { return GetDType(name); });
}

StridedArray ArrayOf(const py::object& values, DType dtype) {
  if (!IsDlpackCapsule(values))
    return ArrayOfNumpy(values.cast<py::array>(), dtype);
  DType ignored = DType::kInvalid;
  return ArrayOfCapsule(values, &ignored);
}

TensorInput ValuesOf(std::string name, DType dtype, const py::object& values,
                     const py::object& shape) {
  if (!py::isinstance<py::list>(values)) {
    return ArrayInput(std::move(name), dtype, ArrayOf(values, dtype));
  }
  TensorInput input;
  input.values = StringsOf(name, values);
  input.name = std::move(name);
  input.dtype = dtype;
  input.dims = shape.cast<std::vector<std::int64_t>>();
  return input;
}

TensorInput InputOf(const py::tuple& item) {
  auto name = item[0].cast<std::string>();
  const DType dtype = DTypeOf(name, item[1].cast<std::string>());
  TensorInput input = ValuesOf(std::move(name), dtype, item[2], item[3]);
  if (!item[4].is_none()) {
    const py::tuple placement = item[4];
    input.placement = PlacementAt(
        placement[0].cast<std::vector<std::int64_t>>(),
        placement[1].cast<std::vector<std::optional<std::int64_t>>>(),
        input.dims);
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
