#include "bind_writer.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <bit>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dlpack.h"
#include "fastckpt/base/error.h"
#include "fastckpt/edit/merge.h"
#include "fastckpt/edit/rewrite.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"

namespace fastckpt {
namespace {

namespace py = pybind11;

// Below this much the interpreter lock is kept: handing it over costs more.
constexpr std::uint64_t kReleaseSize = 64 << 10;

StridedArray ArrayOf(const py::array& values, DType dtype) {
  StridedArray array;
  array.data = static_cast<const std::uint8_t*>(values.data());
  array.dims.assign(values.shape(), values.shape() + values.ndim());
  array.strides.assign(values.strides(), values.strides() + values.ndim());
  array.item_size = static_cast<std::size_t>(values.itemsize());
  const char order = values.dtype().byteorder();
  const bool is_native_big = std::endian::native == std::endian::big;
  if (order == '>' || (order == '=' && is_native_big)) {
    array.swap_unit = SwapUnit(dtype);
  }
  return array;
}

std::string_view StringOf(const std::string& name, py::handle element,
                          std::size_t i) {
  char* bytes = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_Check(element.ptr())) {
    PyBytes_AsStringAndSize(element.ptr(), &bytes, &size);
    return {bytes, static_cast<std::size_t>(size)};
  }
  if (!PyUnicode_Check(element.ptr())) {
    throw py::type_error("tensor " + Quote(name) + ": element " +
                         std::to_string(i) + " is of type " +
                         Py_TYPE(element.ptr())->tp_name +
                         "; string tensors hold bytes or str");
  }
  const char* text = PyUnicode_AsUTF8AndSize(element.ptr(), &size);
  if (text == nullptr) {
    PyErr_Clear();
    ThrowInvalid("tensor " + Quote(name) + ": element " + std::to_string(i) +
                 " is text with lone surrogates, which UTF-8 does not have; "
                 "give bytes");
  }
  return {text, static_cast<std::size_t>(size)};
}

StringValues StringsOf(const std::string& name, const py::list& elements) {
  StringValues values;
  values.reserve(elements.size());
  for (const py::handle element : elements) {
    values.push_back(StringOf(name, element, values.size()));
  }
  return values;
}

// Bits of a byte that a type below a byte may set.
std::uint8_t MaskOf(DType dtype) {
  switch (dtype) {
    case DType::kInt4:
    case DType::kUint4:
    case DType::kFloat4E2m1fn:
      return 0x0f;
    case DType::kInt2:
    case DType::kUint2:
      return 0x03;
    default:
      return 0xff;
  }
}

// `begin` has None where the slice is to be spelled as the whole dimension; a
// dimension without elements can only be spelled so.
Placement PlacementOf(const py::tuple& full, const py::tuple& begin,
                      const std::vector<std::int64_t>& dims) {
  Placement placement;
  placement.full_dims = full.cast<std::vector<std::int64_t>>();
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const bool is_whole =
        begin[i].is_none() || (i < dims.size() && dims[i] == 0);
    placement.spec.push_back(is_whole ? Extent{}
                                      : Extent{begin[i].cast<std::int64_t>(),
                                               i < dims.size() ? dims[i] : 0});
  }
  return placement;
}

DType DTypeOf(const std::string& tensor, const std::string& name) {
  const DType dtype = FindDType(name);
  if (dtype == DType::kInvalid) {
    ThrowUnsupported("values of dtype " + name +
                         " have no form in a checkpoint; convert them first",
                     Where{{}, {}, tensor});
  }
  return dtype;
}

// An item is (name, dtype, values, shape, placement): `values` is a NumPy array
// or a DLPack capsule, whose own shape counts, or a list of bytes and str of
// that shape; `placement` None or (full_shape, begin).
TensorInput InputOf(const py::tuple& item) {
  TensorInput input;
  input.name = item[0].cast<std::string>();
  input.dtype = DTypeOf(input.name, item[1].cast<std::string>());
  const py::object values = item[2];
  if (py::isinstance<py::list>(values)) {
    input.values = StringsOf(input.name, values);
    input.dims = item[3].cast<std::vector<std::int64_t>>();
  } else {
    DType ignored = DType::kInvalid;
    StridedArray array = IsDlpackCapsule(values)
                             ? ArrayOfCapsule(values, &ignored)
                             : ArrayOf(values.cast<py::array>(), input.dtype);
    array.byte_mask = MaskOf(input.dtype);
    input.dims = array.dims;
    input.values = std::move(array);
  }
  if (!item[4].is_none()) {
    const py::tuple placement = item[4];
    input.placement = PlacementOf(placement[0], placement[1], input.dims);
  }
  return input;
}

std::vector<TensorInput> InputsOf(const py::list& items) {
  std::vector<TensorInput> inputs;
  inputs.reserve(items.size());
  for (const py::handle item : items) {
    inputs.push_back(InputOf(py::reinterpret_borrow<py::tuple>(item)));
  }
  return inputs;
}

bool IsSmall(const std::vector<TensorInput>& inputs) {
  std::uint64_t size = 0;
  for (const TensorInput& input : inputs) size += StoredSize(input);
  return size <= kReleaseSize;
}

bool HasSignal() {
  const py::gil_scoped_acquire held;
  return PyErr_CheckSignals() != 0;
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

// `shards` 0 keeps the data files as they are.
void Merge(const std::vector<py::bytes>& sources, const py::bytes& prefix,
           std::int32_t shards, bool fsync, std::size_t threads) {
  WriteOptions options;
  options.shards = shards;
  options.sync = fsync;
  options.threads = threads == 0 ? AvailableThreads() : threads;
  const std::vector<std::string> from(sources.begin(), sources.end());
  const std::string to = prefix;
  bool is_done = true;
  {
    const py::gil_scoped_release released;
    if (shards == 0) {
      MergeBundles(from, to, options, HasSignal);
    } else {
      is_done = Reshard(from, to, options, HasSignal);
    }
  }
  if (!is_done) throw py::error_already_set();
}

// `names`: {tensor: [new name, ...]}; `progress`: None, or called with the
// bytes so far.
void RewriteStored(const std::string& source, const std::string& prefix,
                   const NewNames& names, std::int32_t shards,
                   std::uint64_t align, bool fsync, std::size_t threads,
                   const py::object& progress) {
  WriteOptions options;
  options.shards = shards;
  options.alignment = align;
  options.sync = fsync;
  options.threads = threads == 0 ? AvailableThreads() : threads;
  std::function<void(std::uint64_t)> passed_on;
  if (!progress.is_none()) {
    passed_on = [&](std::uint64_t done) {
      const py::gil_scoped_acquire held;
      progress(done);
    };
  }
  bool is_done = false;
  {
    const py::gil_scoped_release released;
    is_done = Rewrite(source, prefix, names, options, HasSignal, passed_on);
  }
  if (!is_done) throw py::error_already_set();
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
  m.def("merge", &Merge, py::arg("sources"), py::arg("prefix"),
        py::arg("shards"), py::arg("fsync"), py::arg("threads"));
  m.def("rewrite", &RewriteStored, py::arg("source"), py::arg("prefix"),
        py::arg("names"), py::arg("shards"), py::arg("align"), py::arg("fsync"),
        py::arg("threads"), py::arg("progress"));
  m.def("dlpack_dtype", &DlpackDtype, py::arg("capsule"));
}

}  // namespace fastckpt
