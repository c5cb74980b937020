// Text: names and paths between their bytes and Python's str.
//
// Names are bytes; Python sees UTF-8 with surrogateescape, both ways round, so
// that a name that is no UTF-8 survives the trip.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

namespace fastckpt::internal {

// Here, so that lists of many names make each in place.
inline pybind11::object NameToPython(std::string_view name) {
  PyObject* text = PyUnicode_DecodeUTF8(
      name.data(), static_cast<Py_ssize_t>(name.size()), "surrogateescape");
  if (text == nullptr) throw pybind11::error_already_set();
  return pybind11::reinterpret_steal<pybind11::object>(text);
}

// The name's bytes. Throws TypeError if `text` is no str.
std::string NameFromPython(pybind11::handle text);

// Like NameFromPython, without a copy where `text` is plain UTF-8: the view
// lies in `text` or in `*storage`. False (no exception set) if it is no name.
bool ViewName(PyObject* text, std::string* storage, std::string_view* name);

// As os.fsdecode.
pybind11::object PathToPython(std::string_view path);

}  // namespace fastckpt::internal
