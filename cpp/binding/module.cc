// The extension module: a list of what is registered, one file per subject.
//
// It is for the main interpreter alone: NumPy is, and so are the types that
// arrays and errors are made of. Hence it is no PYBIND11_MODULE, which enters
// an interpreter before it can ask which one that is, and there hangs.
#include <pybind11/pybind11.h>

#include "bind_casts.h"
#include "bind_codec.h"
#include "bind_edit.h"
#include "bind_files.h"
#include "bind_imports.h"
#include "bind_objects.h"
#include "bind_reader.h"
#include "bind_replacement.h"
#include "bind_salvage.h"
#include "bind_statistics.h"
#include "bind_writer.h"
#include "error_border.h"
#include "numpy_view.h"
#include "tensor_handle.h"
#include "tensor_info.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

void Fill(py::module_ module) {
  module.doc() = "The C++ core of fastckpt; see _native.pyi.";
  module.attr("__version__") = FASTCKPT_VERSION;
#ifdef NDEBUG
  module.attr("NDEBUG") = true;
#else
  module.attr("NDEBUG") = false;
#endif
  RegisterErrors(module);
  RegisterNumpy(module);
  RegisterTensorInfo(module);
  RegisterTensor(module);
  RegisterImports(module);
  RegisterReader(module);
  RegisterCasts(module);
  RegisterStatistics(module);
  RegisterFiles(module);
  RegisterCodec(module);
  RegisterObjects(module);
  RegisterWriter(module);
  RegisterEdit(module);
  RegisterReplacement(module);
  RegisterSalvage(module);
}

bool IsMainInterpreter() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main()) return true;
  PyErr_SetString(PyExc_ImportError,
                  "fastckpt does not work in a subinterpreter: it hands out "
                  "NumPy arrays, and NumPy works in the main interpreter only; "
                  "import it there, or use processes");
  return false;
}

// The one there is; leaked on purpose, as what it registers is.
PyObject* module_object = nullptr;

// Gives the module again to who takes it out of sys.modules and imports anew.
PyObject* Create(PyObject* spec, PyModuleDef*) {
  if (!IsMainInterpreter()) return nullptr;
  if (module_object != nullptr) return Py_NewRef(module_object);
  PyObject* name = PyObject_GetAttrString(spec, "name");
  if (name == nullptr) return nullptr;
  PyObject* module = PyModule_NewObject(name);
  Py_DECREF(name);
  return module;
}

int Execute(PyObject* module) {
  if (!IsMainInterpreter()) return -1;
  if (module == module_object) return 0;
  try {
    py::detail::get_internals();
    Fill(py::reinterpret_borrow<py::module_>(module));
    module_object = Py_NewRef(module);
    return 0;
  }
  PYBIND11_CATCH_INIT_EXCEPTIONS
  return -1;
}

void* Slot(PyObject* (*create)(PyObject*, PyModuleDef*)) {
  return reinterpret_cast<void*>(create);
}

void* Slot(int (*execute)(PyObject*)) {
  return reinterpret_cast<void*>(execute);
}

}  // namespace
}  // namespace fastckpt::internal

PYBIND11_PLUGIN_IMPL(_native) {
  PYBIND11_CHECK_PYTHON_VERSION
  static PyModuleDef_Slot slots[] = {
      {Py_mod_create, fastckpt::internal::Slot(fastckpt::internal::Create)},
      {Py_mod_exec, fastckpt::internal::Slot(fastckpt::internal::Execute)},
      {0, nullptr}};
  static PyModuleDef definition{PyModuleDef_HEAD_INIT,
                                "_native",
                                nullptr,
                                0,
                                nullptr,
                                slots,
                                nullptr,
                                nullptr,
                                nullptr};
  return PyModuleDef_Init(&definition);
}
