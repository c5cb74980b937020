#include "error_border.h"

#include <new>
#include <string>
#include <system_error>

#include "fastckpt/base/error.h"
#include "fastckpt/read/checkpoint_reader.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

py::object ErrorClass(const char* name) {
  return py::module_::import("fastckpt.errors").attr(name);
}

py::object MakeCheckpointError(const char* name, const Error& error) {
  const Where& where = error.where();
  py::dict fields;
  fields["path"] = where.path.empty() ? py::none() : PathToPython(where.path);
  fields["offset"] =
      where.offset ? py::object(py::int_(*where.offset)) : py::none();
  fields["tensor"] =
      where.tensor ? NameToPython(*where.tensor) : py::object(py::none());
  return ErrorClass(name)(NameToPython(error.what()), **fields);
}

py::object MakeOsError(const Error& error) {
  std::string text = error.message();
  if (error.where().tensor)
    text += ", for tensor " + Quote(*error.where().tensor);
  if (HasCode(error, std::errc::too_many_files_open)) {
    text +=
        "; the process has as many files open as it may (RLIMIT_NOFILE): "
        "raise that ('ulimit -n'), or close checkpoints";
  }
  py::object made = py::reinterpret_borrow<py::object>(PyExc_OSError)(
      error.system_code(), NameToPython(text),
      PathToPython(error.where().path));
  if (error.where().tensor) {
    made.attr("tensor") = NameToPython(*error.where().tensor);
  }
  return made;
}

// A call that somebody else than a signal handler ended.
void SetInterrupt() { PyErr_SetNone(PyExc_KeyboardInterrupt); }

}  // namespace

py::object MakePythonError(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kCorruption:
      return MakeCheckpointError("CorruptionError", error);
    case ErrorKind::kUnsupported:
      return MakeCheckpointError("UnsupportedError", error);
    case ErrorKind::kSystem:
      return MakeOsError(error);
    case ErrorKind::kNotFound:
      return py::reinterpret_borrow<py::object>(PyExc_KeyError)(
          NameToPython(error.what()));
    case ErrorKind::kInvalid:
      break;
  }
  return py::reinterpret_borrow<py::object>(PyExc_ValueError)(
      NameToPython(error.what()));
}

// To make an instance runs Python, and thereby maybe a signal handler: what it
// raises must not leave a C function.
void SetPythonError(const Error& error) {
  try {
    const py::object instance = MakePythonError(error);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(instance.ptr())),
                    instance.ptr());
  } catch (py::error_already_set& raised) {
    raised.restore();
  }
}

void SetCurrentPythonError() {
  try {
    throw;
  } catch (const Interrupted&) {
    SetInterrupt();
  } catch (const Error& error) {
    SetPythonError(error);
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const py::builtin_exception& error) {
    error.set_error();  // IndexError, TypeError ...
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

void RegisterErrors(py::module_&) {
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Interrupted&) {
      SetInterrupt();
    } catch (const Error& error) {
      SetPythonError(error);
    }
  });
}

}  // namespace fastckpt::internal
