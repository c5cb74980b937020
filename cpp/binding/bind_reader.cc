#include "bind_reader.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "error_border.h"
#include "fastckpt/platform/file_reader.h"
#include "fastckpt/platform/filesystem.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/v2/shard_name.h"
#include "listing.h"
#include "lock.h"
#include "numpy_view.h"
#include "on_write.h"
#include "reader.h"
#include "region_argument.h"
#include "remote_fetcher.h"
#include "tensor_handle.h"
#include "tensor_info.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

IoMode ModeOf(bool mapped) { return mapped ? IoMode::kMap : IoMode::kRead; }

// True for what is read at once: small, and on a disk of this machine, as files
// that are mapped mostly are.
bool IsQuick(const std::string& path, bool mapped) {
  try {
    return mapped && StatFile(path).size <= kKeepLock;
  } catch (const Error&) {
    return true;  // opening it will tell
  }
}

// True, False or "whole", as Python has checked.
Checking CheckingOf(const py::object& verify) {
  if (py::isinstance<py::str>(verify)) return Checking::kWhole;
  return verify.cast<bool>() ? Checking::kOnce : Checking::kNever;
}

using Identity = std::tuple<std::uint64_t, std::uint64_t, std::int64_t>;

std::unique_ptr<Reader> OpenBundle(const std::string& prefix, bool mapped,
                                   const py::object& verify,
                                   std::uint64_t max_index_bytes,
                                   const std::optional<Identity>& identity) {
  FileIdentity wanted;
  if (identity) {
    wanted = {std::get<0>(*identity), std::get<1>(*identity),
              std::get<2>(*identity)};
  }
  const Checking checked = CheckingOf(verify);
  const auto open = [&] {
    return std::make_unique<Reader>(CheckpointReader::OpenBundle(
        prefix, ModeOf(mapped), checked, max_index_bytes,
        identity ? &wanted : nullptr));
  };
  return IsQuick(IndexName(prefix), mapped) ? open() : Unlocked(open);
}

std::unique_ptr<Reader> OpenV1(const std::vector<std::string>& paths,
                               bool mapped, const py::object& verify) {
  const Checking checked = CheckingOf(verify);
  return Unlocked([&] {
    return std::make_unique<Reader>(
        CheckpointReader::OpenV1(paths, ModeOf(mapped), checked));
  });
}

// Of a fetcher as remote_fetcher.h wants it, and the prefix or files as that
// names them.
std::unique_ptr<Reader> OpenFetchedBundle(py::object fetcher,
                                          const std::string& prefix,
                                          const py::object& verify,
                                          std::uint64_t max_index_bytes) {
  const Checking checked = CheckingOf(verify);
  const auto ranges = MakeRemoteFetcher(std::move(fetcher));
  return Unlocked([&] {
    return std::make_unique<Reader>(CheckpointReader::OpenRemoteBundle(
        prefix, ranges, checked, max_index_bytes));
  });
}

std::unique_ptr<Reader> OpenFetchedV1(py::object fetcher,
                                      const std::vector<std::string>& paths,
                                      const py::object& verify) {
  const Checking checked = CheckingOf(verify);
  const auto ranges = MakeRemoteFetcher(std::move(fetcher));
  return Unlocked([&] {
    return std::make_unique<Reader>(
        CheckpointReader::OpenRemoteV1(paths, ranges, checked));
  });
}

std::size_t CountFromPython(PyObject* number) {
  const std::size_t count = PyLong_AsSize_t(number);
  if (PyErr_Occurred()) throw py::error_already_set();
  return count;
}

// Reader.get(name, threads): a plain C method, because for a view the call of a
// bound one costs as much as all the rest.
PyObject* GetArray(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  return Guarded([&] {
    const Reader* reader = ReaderIn(self);
    if (reader == nullptr || count != 2) {
      throw py::type_error("get takes a name and a thread count");
    }
    const std::size_t threads = CountFromPython(args[1]);
    return reader->Get(reader->SlotOf(args[0]), threads).release().ptr();
  });
}

// Reader.tensor(checkpoint, name, threads): plain for the same reason.
PyObject* GetTensor(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  return Guarded([&] {
    const Reader* reader = ReaderIn(self);
    if (reader == nullptr || count != 3) {
      throw py::type_error("tensor takes a checkpoint, a name, a thread count");
    }
    const std::size_t threads = CountFromPython(args[2]);
    const std::size_t slot = reader->SlotOf(args[1]);
    return MakeTensor(args[0], reader->checkpoint(), slot, threads);
  });
}

// Reader.read(name, region, threads[, steadily, check]): the same, for rows.
PyObject* ReadRegion(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  return Guarded([&] {
    const Reader* reader = ReaderIn(self);
    if (reader == nullptr || (count != 3 && count != 5)) {
      throw py::type_error(
          "read takes a name, a region, a thread count and maybe how steadily "
          "and whether to check");
    }
    const std::size_t threads = CountFromPython(args[2]);
    const bool steadily = count == 5 && args[3] == Py_True;
    std::optional<bool> check;
    if (count == 5 && args[4] != Py_None) check = args[4] == Py_True;
    const std::size_t slot = reader->SlotOf(args[0]);
    return reader->Read(slot, args[1], threads, steadily, check)
        .release()
        .ptr();
  });
}

using FastCall = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t);

PyMethodDef MakeFast(const char* name, FastCall call, const char* doc) {
  return {name,
          reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call)),
          METH_FASTCALL, doc};
}

PyMethodDef fast_methods[] = {
    MakeFast("get", GetArray, "get(name, threads) -> numpy.ndarray"),
    MakeFast("tensor", GetTensor,
             "tensor(checkpoint, name, threads) -> Tensor"),
    MakeFast("read", ReadRegion,
             "read(name, region, threads[, steadily, check]) -> numpy.ndarray"),
};

void AddFast(const py::class_<Reader>& reader) {
  auto* type = reinterpret_cast<PyTypeObject*>(reader.ptr());
  for (PyMethodDef& definition : fast_methods) {
    PyObject* method = PyDescr_NewMethod(type, &definition);
    if (method == nullptr) throw py::error_already_set();
    reader.attr(definition.ml_name) = py::reinterpret_steal<py::object>(method);
  }
}

py::object RegionShape(const Reader& reader, std::size_t slot,
                       py::handle region) {
  return DimsToPython(reader.ParseRegion(slot, region).KeptShape());
}

// How many data files the index of V2 counts, or how many files V1 is.
std::size_t CountShards(const Reader& reader) {
  const BundleSource* bundle = reader.checkpoint()->bundle();
  if (bundle == nullptr) return reader.source().Identities().size();
  return static_cast<std::size_t>(
      std::max(1, bundle->index().header().num_shards));
}

// What a checkpoint holds, from its index.
void AddListing(py::class_<Reader>* reader) {
  using Slot = std::size_t;
  reader
      ->def("__len__",
            [](const Reader& self) { return self.source().tensor_count(); })
      .def("names", [](const Reader& self) { return ListNames(self.source()); })
      .def("slots", [](const Reader& self) { return ListSlots(self.source()); })
      .def("info",
           [](const Reader& self, Slot slot) {
             PyObject* info = MakeTensorInfo(self.checkpoint(), slot);
             if (info == nullptr) throw py::error_already_set();
             return py::reinterpret_steal<py::object>(info);
           })
      .def("infos",
           [](const Reader& self) { return ListInfos(self.checkpoint()); })
      .def("places", [](const Reader& self,
                        Slot slot) { return ListPlaces(self.source(), slot); })
      .def("byte_runs",
           [](const Reader& self, Slot slot, py::handle region) {
             return ListByteRuns(self.source(), slot,
                                 self.ParseRegion(slot, region));
           })
      .def("open_files",
           [](const Reader& self) { return ListOpenFiles(self.source()); })
      .def("paths", [](const Reader& self) { return ListPaths(self.source()); })
      .def("filesystems",
           [](const Reader& self) {
             return FilesystemsOf(self.source().DataPaths());
           })
      .def("shard_count", [](const Reader& self) { return CountShards(self); })
      .def(
          "is_remote",
          [](const Reader& self) { return self.source().fetcher() != nullptr; })
      .def("data_paths",
           [](const Reader& self) {
             return ListNamesOfFiles(self.source().DataPaths());
           })
      .def("identity",
           [](const Reader& self) { return ListIdentities(self.source()); })
      .def("debug_string", [](const Reader& self) {
        return py::bytes(self.source().DebugString());
      });
}

void AddProgress(py::module_& module) {
  py::class_<CallProgress>(module, "Progress")
      .def(py::init<>())
      .def_property(
          "done", [](const CallProgress& self) { return self.done.load(); },
          [](CallProgress& self, std::uint64_t done) { self.done = done; })
      .def_property(
          "total", [](const CallProgress& self) { return self.total.load(); },
          [](CallProgress& self, std::uint64_t total) { self.total = total; })
      .def_property(
          "error",
          [](const CallProgress& self) {
            return self.error ? self.error : py::none();
          },
          [](CallProgress& self, py::object error) {
            self.error = std::move(error);
          })
      .def_property(
          "finish",
          [](const CallProgress& self) {
            return self.finish ? self.finish : py::none();
          },
          [](CallProgress& self, const py::object& finish) {
            self.finish = finish.is_none() ? py::object() : finish;
          });
}

}  // namespace

void RegisterReader(py::module_& module) {
  AddProgress(module);
  module.def("open_bundle", OpenBundle, py::arg("prefix"), py::arg("mapped"),
             py::arg("verify"), py::arg("max_index_bytes"),
             py::arg("identity") = py::none());
  module.def("open_v1", OpenV1, py::arg("paths"), py::arg("mapped"),
             py::arg("verify"));
  module.def("open_remote_bundle", OpenFetchedBundle, py::arg("fetcher"),
             py::arg("prefix"), py::arg("verify"), py::arg("max_index_bytes"));
  module.def("open_remote_v1", OpenFetchedV1, py::arg("fetcher"),
             py::arg("paths"), py::arg("verify"));
  module.def("available_threads", AvailableThreads);
  py::class_<Reader> reader(module, "Reader");
  AddFast(reader);
  AddListing(&reader);
  reader.def("find", &Reader::Find, py::arg("name"))
      .def("is_string", &Reader::IsString, py::arg("slot"))
      .def("is_swapped", &Reader::IsSwapped, py::arg("slot"))
      .def("region_shape", RegionShape, py::arg("slot"), py::arg("region"))
      .def("check", &Reader::Check, py::arg("slot"), py::arg("region"))
      .def("take", &Reader::Take, py::arg("slots"), py::arg("threads"),
           py::arg("progress").none(true))
      .def("copy", &Reader::Copy, py::arg("slots"), py::arg("threads"),
           py::arg("progress").none(true))
      .def("take_on_write", TakeOnWrite, py::arg("slots"), py::arg("threads"),
           py::arg("progress").none(true))
      .def("read_into", &Reader::ReadInto, py::arg("requests"),
           py::arg("threads"), py::arg("progress").none(true),
           py::arg("checks_first"))
      .def("verify_closely", &Reader::VerifyClosely, py::arg("threads"),
           py::arg("progress").none(true))
      .def("verify", &Reader::Verify, py::arg("threads"),
           py::arg("progress").none(true));
}

}  // namespace fastckpt::internal
