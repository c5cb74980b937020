// Signals: how work in the core learns of them.
#pragma once

#include <pybind11/pybind11.h>

namespace fastckpt {

// True if a signal handler raised; the Python error is set. For Interrupt.
inline bool HasSignal() {
  const pybind11::gil_scoped_acquire held;
  return PyErr_CheckSignals() != 0;
}

}  // namespace fastckpt
