#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {

bool ViewName(PyObject* text, std::string* storage, std::string_view* name) {
  if (!PyUnicode_Check(text)) return false;
  Py_ssize_t size = 0;
  if (const char* utf8 = PyUnicode_AsUTF8AndSize(text, &size)) {
    *name = {utf8, static_cast<std::size_t>(size)};
    return true;
  }
  PyErr_Clear();
  PyObject* encoded =
      PyUnicode_AsEncodedString(text, "utf-8", "surrogateescape");
  if (encoded == nullptr) {
    PyErr_Clear();
    return false;
  }
  storage->assign(PyBytes_AS_STRING(encoded),
                  static_cast<std::size_t>(PyBytes_GET_SIZE(encoded)));
  Py_DECREF(encoded);
  *name = *storage;
  return true;
}

std::string NameFromPython(py::handle text) {
  std::string storage;
  std::string_view name;
  if (!ViewName(text.ptr(), &storage, &name)) {
    throw py::type_error("a tensor's name must be a str of UTF-8");
  }
  return std::string(name);
}

py::object PathToPython(std::string_view path) {
  PyObject* text = PyUnicode_DecodeFSDefaultAndSize(
      path.data(), static_cast<Py_ssize_t>(path.size()));
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(text);
}

}  // namespace fastckpt::internal
