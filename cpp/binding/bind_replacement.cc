#include "bind_replacement.h"

#include <memory>
#include <string>
#include <string_view>

#include "fastckpt/platform/parallel.h"
#include "fastckpt/write/commit.h"
#include "fastckpt/write/file_replacement.h"
#include "signals.h"
#include "text.h"

namespace fastckpt::internal {
namespace {

namespace py = pybind11;

std::unique_ptr<FileReplacement> Begin(const std::string& path,
                                       bool makes_folders) {
  const py::gil_scoped_release released;
  return std::make_unique<FileReplacement>(
      path,
      makes_folders ? Directory::Missing::kMake : Directory::Missing::kRefuse);
}

// The bytes are immutable and the caller's.
void Write(const FileReplacement& file, const py::bytes& content) {
  const std::string_view bytes = content;
  const py::gil_scoped_release released;
  file.Write(AsBytes(bytes));
}

void Finish(FileReplacement& file, bool fsync) {
  const py::gil_scoped_release released;
  file.Finish(fsync);
}

std::unique_ptr<PrefixLock> Lock(const std::string& prefix) {
  return Interruptible([&](const Interrupt& interrupted) {
    return std::make_unique<PrefixLock>(prefix, interrupted);
  });
}

// What `with` and the end of a block drop.
template <typename Held>
class Handle {
 public:
  explicit Handle(std::unique_ptr<Held> held) : held_(std::move(held)) {}
  Held& get() const {
    if (!held_) throw py::value_error("this file is finished or dropped");
    return *held_;
  }
  void Drop() {
    const py::gil_scoped_release released;
    held_.reset();
  }

 private:
  std::unique_ptr<Held> held_;
};

}  // namespace

void RegisterReplacement(py::module_& m) {
  using File = Handle<FileReplacement>;
  using Held = Handle<PrefixLock>;
  py::class_<File>(m, "FileReplacement")
      .def(py::init([](const py::bytes& path, bool makes_folders) {
             return std::make_unique<File>(Begin(path, makes_folders));
           }),
           py::arg("path"), py::arg("makes_folders"))
      .def_property_readonly(
          "path",
          [](const File& file) { return PathToPython(file.get().path()); })
      .def("write",
           [](const File& file, const py::bytes& content) {
             Write(file.get(), content);
           })
      .def("finish",
           [](const File& file, bool fsync) { Finish(file.get(), fsync); })
      .def("drop", &File::Drop);
  py::class_<Held>(m, "PrefixLock")
      .def(py::init([](const py::bytes& prefix) {
             return std::make_unique<Held>(Lock(prefix));
           }),
           py::arg("prefix"))
      .def("remove_abandoned",
           [](const Held& lock) {
             const py::gil_scoped_release released;
             lock.get().RemoveAbandoned();
           })
      .def("release", &Held::Drop);
  m.def(
      "remove_free_locks",
      [](const py::bytes& prefix) {
        const std::string path = prefix;
        const py::gil_scoped_release released;
        RemoveFreeLocks(path);
      },
      py::arg("prefix"));
}

}  // namespace fastckpt::internal
