#include "bind_reader.h"

#include <pybind11/stl.h>

#include "error_border.h"
#include "fastckpt/io/filesystem.h"
#include "fastckpt/io/parallel.h"
#include "fastckpt/v1/v1_reader.h"
#include "reader.h"
#include "tensor_info.h"

namespace py = pybind11;

namespace fastckpt {
namespace {

IoMode ModeOf(bool mapped) { return mapped ? IoMode::kMap : IoMode::kRead; }

std::unique_ptr<Reader> OpenBundle(const std::string& prefix, bool mapped,
                                   bool verify, std::uint64_t max_index_bytes) {
  return std::make_unique<Reader>(
      Checkpoint::OpenBundle(prefix, ModeOf(mapped), verify, max_index_bytes));
}

std::unique_ptr<Reader> OpenV1(const std::vector<std::string>& paths,
                               bool mapped, bool verify) {
  return std::make_unique<Reader>(
      Checkpoint::OpenV1(paths, ModeOf(mapped), verify));
}

const char* Probe(const std::string& path) {
  return IsV1Table(DataFile(path, IoMode::kRead)) ? "v1" : "v2";
}

// Reader.get(name, threads): a plain C method, because for a view the call of a
// bound one costs as much as all the rest.
PyObject* GetArray(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  return Guarded([&]() -> PyObject* {
    auto* reader = reinterpret_cast<py::detail::instance*>(self)
                       ->get_value_and_holder()
                       .value_ptr<Reader>();
    if (reader == nullptr || count != 2) {
      PyErr_SetString(PyExc_TypeError, "get takes a name and a thread count");
      return nullptr;
    }
    const std::size_t threads = PyLong_AsSize_t(args[1]);
    if (PyErr_Occurred()) throw py::error_already_set();
    return reader->Get(args[0], threads).release().ptr();
  });
}

PyMethodDef get_method = {
    "get",
    reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(GetArray)),
    METH_FASTCALL, "get(name, threads) -> numpy.ndarray"};

void AddGet(const py::class_<Reader>& reader) {
  auto* type = reinterpret_cast<PyTypeObject*>(reader.ptr());
  PyObject* method = PyDescr_NewMethod(type, &get_method);
  if (method == nullptr) throw py::error_already_set();
  reader.attr("get") = py::reinterpret_steal<py::object>(method);
}

}  // namespace

void RegisterReader(py::module_& module) {
  const auto unlocked = py::call_guard<py::gil_scoped_release>();
  py::class_<Progress>(module, "Progress")
      .def(py::init<>())
      .def_property_readonly("done",
                             [](const Progress& p) { return p.done.load(); })
      .def_property_readonly("total",
                             [](const Progress& p) { return p.total.load(); });
  module.def("open_bundle", OpenBundle, py::arg("prefix"), py::arg("mapped"),
             py::arg("verify"), py::arg("max_index_bytes"), unlocked);
  module.def("open_v1", OpenV1, py::arg("paths"), py::arg("mapped"),
             py::arg("verify"), unlocked);
  module.def("probe", Probe, py::arg("path"), unlocked);
  module.def("filesystem_of", FilesystemOf, py::arg("path"), unlocked);
  module.def("available_threads", AvailableThreads);
  py::class_<Reader> reader(module, "Reader");
  AddGet(reader);
  reader.def("__len__", &Reader::Size)
      .def("names", &Reader::Names)
      .def("slots", &Reader::Slots)
      .def("shape", &Reader::Shape, py::arg("slot"))
      .def("check", &Reader::Check, py::arg("slot"), py::arg("region"))
      .def("is_swapped", &Reader::IsSwapped, py::arg("slot"))
      .def("find", &Reader::Find, py::arg("name"))
      .def("info", &Reader::Info, py::arg("slot"))
      .def("infos", &Reader::Infos)
      .def("take", &Reader::Take, py::arg("slots"), py::arg("threads"),
           py::arg("progress").none(true))
      .def("copy", &Reader::Copy, py::arg("slots"), py::arg("threads"),
           py::arg("progress").none(true))
      .def("read_region", &Reader::ReadRegion, py::arg("slot"),
           py::arg("region"), py::arg("threads"))
      .def("read_into", &Reader::ReadInto, py::arg("requests"),
           py::arg("threads"), py::arg("progress").none(true))
      .def("verify", &Reader::Verify, py::arg("threads"),
           py::arg("progress").none(true))
      .def("places", &Reader::Places, py::arg("slot"))
      .def("byte_runs", &Reader::ByteRuns, py::arg("slot"), py::arg("region"))
      .def("open_files", &Reader::OpenFiles)
      .def("debug_string", &Reader::DebugString)
      .def("identity", &Reader::Identity);
}

}  // namespace fastckpt
