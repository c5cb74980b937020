// Error border: the one place that knows both the core's errors and Python's.
#pragma once

#include <pybind11/pybind11.h>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {

// Sets the Python exception that an Error stands for:
//   kCorruption -> CorruptionError     kUnsupported -> UnsupportedError
//   kSystem -> OSError's subclass for its errno
//   kNotFound -> KeyError              kInvalid -> ValueError
// Requires the GIL.
void SetPythonError(const Error& error);

// An instance of that exception. Requires the GIL.
pybind11::object MakePythonError(const Error& error);

// Runs `work`, which returns a new reference, behind a plain C function: sets
// the Python exception and returns null for whatever it throws. Requires the
// GIL when something is thrown.
template <typename Work>
PyObject* Guarded(Work&& work);

// Makes pybind11 translate Errors that leave bound functions.
void RegisterErrors(pybind11::module_& module);

// Sets the exception for the one that is being handled.
void SetCurrentPythonError();

template <typename Work>
PyObject* Guarded(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    SetCurrentPythonError();
    return nullptr;
  }
}

}  // namespace fastckpt::internal
