#include "signals.h"

#include "error_border.h"

namespace py = pybind11;

namespace fastckpt::internal {

bool SignalWatch::Check() {
  if (raised_) return true;
  const py::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() == 0) {
    if (progress_ == nullptr || !progress_->error) return false;
    PyErr_SetObject(
        reinterpret_cast<PyObject*>(Py_TYPE(progress_->error.ptr())),
        progress_->error.ptr());
  }
  raised_.emplace();
  return true;
}

void SignalWatch::ThrowRaised(const Error* error) {
  if (!raised_) return;
  py::error_already_set raised = *std::exchange(raised_, std::nullopt);
  if (error != nullptr) {
    PyException_SetContext(raised.value().ptr(),
                           MakePythonError(*error).release().ptr());
  }
  throw raised;
}

}  // namespace fastckpt::internal
