#include "bind_imports.h"

#include <chrono>
#include <thread>

#include "fastckpt/platform/import_gate.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// An import takes a second at most where the disk is slow.
constexpr std::chrono::seconds kPatience(30);
constexpr std::chrono::milliseconds kPause(1);

// Asks until it is granted or patience ends. The lock is let go meanwhile, and
// no signal is handled: it is still there when the caller is back in Python.
template <typename Ask>
bool WaitFor(const Ask& ask) {
  if (ask()) return true;
  const py::gil_scoped_release unlock;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!ask()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

// What `with` enters.
struct Gate {};

void Enter() {
  if (!WaitFor(ImportGate::TryEnter)) ImportGate::Enter();
}

void BeginFork() { WaitFor(ImportGate::TryBeginFork); }

class Entry {
 public:
  Entry() { Enter(); }
  ~Entry() { ImportGate::Leave(); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
};

}  // namespace

py::module_ ImportLate(const char* name) {
  const Entry entry;
  return py::module_::import(name);
}

void RegisterImports(py::module_& module) {
  py::class_<Gate>(module, "ImportGate")
      .def(py::init<>())
      .def("__enter__", [](const Gate&) { Enter(); })
      .def("__exit__",
           [](const Gate&, const py::args&) { ImportGate::Leave(); })
      .def_property_readonly("is_inside",
                             [](const Gate&) { return ImportGate::IsInside(); })
      .def_static("begin_fork", BeginFork)
      .def_static("end_fork_in_parent", ImportGate::EndForkInParent)
      .def_static("end_fork_in_child", ImportGate::EndForkInChild);
}

}  // namespace fastckpt::internal
