#include "bind_codec.h"

#include "error_border.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/codec/snappy.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// Above this the lock is let go: some 10 us of work.
constexpr Py_ssize_t kKeepLockBytes = 256 << 10;

// crc32c(data, value=0): a plain C function, because at sixteen bytes the call
// costs more than the work.
PyObject* PyCrc32c(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count < 1 || count > 2) {
    PyErr_SetString(PyExc_TypeError, "crc32c takes data and a value");
    return nullptr;
  }
  unsigned long crc = 0;
  if (count == 2) {
    crc = PyLong_AsUnsignedLong(args[1]);
    if (PyErr_Occurred()) return nullptr;
  }
  Py_buffer buffer;
  if (PyObject_GetBuffer(args[0], &buffer, PyBUF_SIMPLE) != 0) return nullptr;
  auto value = static_cast<std::uint32_t>(crc);
  const auto size = static_cast<std::size_t>(buffer.len);
  if (buffer.len < kKeepLockBytes) {
    value = ExtendCrc32c(value, buffer.buf, size);
  } else {
    const py::gil_scoped_release unlock;
    value = ExtendCrc32c(value, buffer.buf, size);
  }
  PyBuffer_Release(&buffer);
  return PyLong_FromUnsignedLong(value);
}

PyMethodDef crc32c_method = {
    "crc32c",
    reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(PyCrc32c)),
    METH_FASTCALL, "crc32c(data, value=0) -> int, unmasked."};

py::bytes DecodeSnappyBlock(const py::bytes& stored) {
  const ByteView view = AsBytes(std::string_view(stored));
  const std::size_t size = SnappyDecodedSize(view);
  PyObject* out =
      PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
  if (out == nullptr) throw py::error_already_set();
  auto owned = py::reinterpret_steal<py::bytes>(out);
  auto* begin = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(out));
  const py::gil_scoped_release unlock;
  DecodeSnappy(view, {begin, size});
  return owned;
}

}  // namespace

void RegisterCodec(py::module_& module) {
  PyObject* function = PyCFunction_New(&crc32c_method, nullptr);
  if (function == nullptr) throw py::error_already_set();
  module.attr("crc32c") = py::reinterpret_steal<py::object>(function);
  module.def("crc32c_implementation", Crc32cImplementation);
  module.def("decode_snappy", DecodeSnappyBlock, py::arg("stored"));
}

}  // namespace fastckpt::internal
