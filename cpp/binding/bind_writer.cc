#include "bind_writer.h"

#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

#include "dlpack.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/write/checkpoint_writer.h"
#include "lock.h"
#include "signals.h"
#include "tensor_items.h"

namespace fastckpt::internal {
namespace {

namespace py = pybind11;

// Below this much the interpreter lock is kept: handing it over costs more.
constexpr std::uint64_t kReleaseSize = 64 << 10;

bool IsSmall(const std::vector<TensorInput>& inputs) {
  std::uint64_t size = 0;
  for (const TensorInput& input : inputs) size += StoredSize(input);
  return size <= kReleaseSize;
}

// The items keep what the inputs point to alive.
void Add(CheckpointWriter* writer, const py::list& items,
         const CallProgress* progress) {
  const std::vector<TensorInput> inputs = InputsOf(items);
  if (IsSmall(inputs) && writer->TryAdd(inputs)) return;
  Interruptible(
      [&](const Interrupt& interrupted) { writer->Add(inputs, interrupted); },
      progress);
}

void Alias(CheckpointWriter* writer, const py::bytes& name,
           const py::bytes& of) {
  const std::string new_name = name;
  const std::string old_name = of;
  Interruptible([&](const Interrupt& interrupted) {
    writer->Alias(new_name, old_name, interrupted);
  });
}

void FinishWriter(CheckpointWriter* writer, const CallProgress* progress) {
  Interruptible(
      [&](const Interrupt& interrupted) { writer->Finish(interrupted); },
      progress);
}

void Abort(CheckpointWriter* writer) {
  Interruptible(
      [&](const Interrupt& interrupted) { writer->Abort(interrupted); });
}

// `threads` 0 stands for one per CPU.
std::unique_ptr<CheckpointWriter> MakeWriter(const py::bytes& prefix,
                                             bool is_v1, std::int32_t shards,
                                             std::uint64_t align, bool fsync,
                                             std::size_t threads,
                                             CallProgress* progress,
                                             bool may_replace) {
  WriteOptions options;
  options.shards = shards;
  options.alignment = align;
  options.sync = fsync;
  options.threads = threads == 0 ? AvailableThreads() : threads;
  options.progress = progress;
  options.may_replace = may_replace;
  const std::string path = prefix;
  const WriteFormat format = is_v1 ? WriteFormat::kV1 : WriteFormat::kV2;
  return Unlocked([&] {
    return std::make_unique<CheckpointWriter>(path, format, options);
  });
}

std::string DlpackDtype(const py::capsule& capsule) {
  DType dtype = DType::kInvalid;
  ArrayOfCapsule(capsule, &dtype);
  return DTypeName(dtype);
}

}  // namespace

void RegisterWriter(py::module_& m) {
  py::class_<CheckpointWriter>(m, "Writer")
      .def(py::init(&MakeWriter), py::arg("prefix"), py::arg("is_v1"),
           py::arg("shards"), py::arg("align"), py::arg("fsync"),
           py::arg("threads"), py::arg("progress").none(true),
           py::arg("may_replace") = true, py::keep_alive<1, 8>())
      .def("add", &Add, py::arg("items"),
           py::arg("progress").none(true) = py::none())
      .def("alias", &Alias, py::arg("name"), py::arg("of"))
      .def("finish", &FinishWriter, py::arg("progress").none(true) = py::none())
      .def("abort", &Abort);
  m.def("dlpack_dtype", &DlpackDtype, py::arg("capsule"));
}

}  // namespace fastckpt::internal
