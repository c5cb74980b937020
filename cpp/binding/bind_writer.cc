#include "bind_writer.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dlpack.h"
#include "fastckpt/base/error.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "signals.h"
#include "tensor_items.h"

namespace fastckpt {
namespace {

namespace py = pybind11;

// Below this much the interpreter lock is kept: handing it over costs more.
constexpr std::uint64_t kReleaseSize = 64 << 10;

bool IsSmall(const std::vector<TensorInput>& inputs) {
  std::uint64_t size = 0;
  for (const TensorInput& input : inputs) size += StoredSize(input);
  return size <= kReleaseSize;
}

// One of the two writers; methods may be called from many threads and take
// turns. Nobody waits for the turn while holding the interpreter lock.
class Writer {
 public:
  Writer(const std::string& prefix, bool is_v1, const WriteOptions& options) {
    const py::gil_scoped_release released;
    if (is_v1) {
      v1_ = std::make_unique<V1Writer>(prefix, options.sync);
    } else {
      v2_ = std::make_unique<BundleWriter>(prefix, options);
    }
  }

  // The items keep what the inputs point to alive.
  void Add(const py::list& items) {
    const std::vector<TensorInput> inputs = InputsOf(items);
    bool is_done = true;
    if (IsSmall(inputs) && turn_.try_lock()) {
      const std::lock_guard<std::mutex> turn(turn_, std::adopt_lock);
      is_done = AddInTurn(inputs, nullptr);
    } else {
      const py::gil_scoped_release released;
      const std::lock_guard<std::mutex> turn(turn_);
      is_done = AddInTurn(inputs, HasSignal);
    }
    if (!is_done) throw py::error_already_set();
  }

  void Finish() {
    const py::gil_scoped_release released;
    const std::lock_guard<std::mutex> turn(turn_);
    CheckOpen();
    if (v1_) v1_->Finish(HasSignal);
    if (v2_) v2_->Finish(HasSignal);
    Close();
  }

  void Abort() {
    const py::gil_scoped_release released;
    const std::lock_guard<std::mutex> turn(turn_);
    Close();
  }

 private:
  bool AddInTurn(const std::vector<TensorInput>& inputs,
                 const Interrupt& interrupted) {
    CheckOpen();
    if (v2_) return v2_->Add(inputs, interrupted);
    v1_->Add(inputs);
    return true;
  }

  void CheckOpen() const {
    if (!v1_ && !v2_) ThrowInvalid("this writer is closed; begin a new one");
  }

  void Close() {
    v1_.reset();
    v2_.reset();
  }

  std::mutex turn_;
  std::unique_ptr<V1Writer> v1_;
  std::unique_ptr<BundleWriter> v2_;
};

// `threads` 0 stands for one per CPU.
std::unique_ptr<Writer> MakeWriter(const py::bytes& prefix, bool is_v1,
                                   std::int32_t shards, std::uint64_t align,
                                   bool fsync, std::size_t threads) {
  WriteOptions options;
  options.shards = shards;
  options.alignment = align;
  options.sync = fsync;
  options.threads = threads == 0 ? AvailableThreads() : threads;
  return std::make_unique<Writer>(prefix, is_v1, options);
}

std::string DlpackDtype(const py::capsule& capsule) {
  DType dtype = DType::kInvalid;
  ArrayOfCapsule(capsule, &dtype);
  return DTypeName(dtype);
}

}  // namespace

void RegisterWriter(py::module_& m) {
  py::class_<Writer>(m, "Writer")
      .def(py::init(&MakeWriter), py::arg("prefix"), py::arg("is_v1"),
           py::arg("shards"), py::arg("align"), py::arg("fsync"),
           py::arg("threads"))
      .def("add", &Writer::Add, py::arg("items"))
      .def("finish", &Writer::Finish)
      .def("abort", &Writer::Abort);
  m.def("dlpack_dtype", &DlpackDtype, py::arg("capsule"));
}

}  // namespace fastckpt
