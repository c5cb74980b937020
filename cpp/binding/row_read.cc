#include "row_read.h"

#define NO_IMPORT_ARRAY
#define PY_ARRAY_UNIQUE_SYMBOL fastckpt_numpy
#include <numpy/arrayobject.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "array_maker.h"
#include "fastckpt/platform/memory.h"
#include "index_list.h"
#include "lock.h"
#include "numpy_types.h"
#include "run_options.h"
#include "signals.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// More is copied by all threads, into memory of huge pages.
constexpr std::size_t kQuick = 256 << 10;
constexpr std::size_t kLine = 64;
constexpr std::size_t kAhead = 12;  // rows
// The processor itself fetches what follows these.
constexpr std::size_t kLinesAhead = 4;

// An array in NumPy's own memory, of `count` rows, or of one and no more.
PyObject* NewRows(DType dtype, std::optional<std::size_t> count, Dims dims) {
  std::array<npy_intp, kMaxNumpyRank> shape;
  auto end = shape.begin();
  if (count) *end++ = static_cast<npy_intp>(*count);
  end = std::copy(dims.begin() + 1, dims.end(), end);
  auto* descr = reinterpret_cast<PyArray_Descr*>(DTypeToPython(dtype).ptr());
  Py_INCREF(descr);
  PyObject* rows = PyArray_NewFromDescr(
      &PyArray_Type, descr, static_cast<int>(end - shape.begin()), shape.data(),
      nullptr, nullptr, 0, nullptr);
  if (rows == nullptr) throw py::error_already_set();
  return rows;
}

std::uint8_t* DataOf(PyObject* array) {
  return static_cast<std::uint8_t*>(
      PyArray_DATA(reinterpret_cast<PyArrayObject*>(array)));
}

// The index of a row; nothing if it is out of bounds, which others word.
std::optional<std::size_t> RowOf(PyObject* index, std::int64_t count) {
  int overflow = 0;
  long long row = PyLong_AsLongLongAndOverflow(index, &overflow);
  if (overflow != 0 || row < -count || row >= count) return std::nullopt;
  if (row < 0) row += count;
  return static_cast<std::size_t>(row);
}

std::size_t LengthOf(PyObject* list) {
  if (PyList_Check(list)) {
    return static_cast<std::size_t>(PyList_GET_SIZE(list));
  }
  return static_cast<std::size_t>(
      PyArray_SIZE(reinterpret_cast<PyArrayObject*>(list)));
}

void CopyRows(const std::uint8_t* from, std::size_t row_bytes,
              const std::vector<std::int64_t>& ids, std::uint8_t* to) {
  const auto row = [&](std::size_t i) {
    return from + static_cast<std::size_t>(ids[i]) * row_bytes;
  };
  const std::size_t fetched = std::min(row_bytes, kLinesAhead * kLine);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i + kAhead < ids.size()) {
      const std::uint8_t* next = row(i + kAhead);
      for (std::size_t at = 0; at < fetched; at += kLine) {
        __builtin_prefetch(next + at);
      }
    }
    std::memcpy(to + i * row_bytes, row(i), row_bytes);
  }
}

PyObject* CopyListed(const ArrayBytes& bytes, DType dtype, Dims dims,
                     std::size_t row_bytes, PyObject* list) {
  if (LengthOf(list) > kQuick / std::max<std::size_t>(row_bytes, 1)) {
    return nullptr;
  }
  const std::vector<std::int64_t> ids = TakeIndexList(list, dims[0], 0);
  PyObject* rows = NewRows(dtype, ids.size(), dims);
  const std::size_t size = ids.size() * row_bytes;
  if (size == 0) return rows;
  const auto copy = [&] { CopyRows(bytes.data, row_bytes, ids, DataOf(rows)); };
  size <= kKeepLock ? copy() : Unlocked(copy);
  return rows;
}

// Where a region with a list goes, once its steps are made positive.
Destination DestinationOf(const ParsedRegion& parsed, std::uint8_t* data,
                          const std::vector<std::int64_t>& strides) {
  Region region = parsed.region;
  Destination destination{data, parsed.Spread(strides)};
  FlipNegativeSteps(&region, &destination);
  return destination;
}

}  // namespace

PyObject* ReadRowsQuickly(const CheckpointReader& checkpoint, std::size_t slot,
                          PyObject* region) {
  const bool is_row = PyLong_CheckExact(region);
  const py::object list = is_row ? py::object() : AsIndexList(region);
  if (!is_row && !list) return nullptr;
  const TensorSource& source = checkpoint.source();
  const Dims dims = source.DimsOf(slot);
  if (dims.empty() || dims[0] == 0) return nullptr;
  const auto bytes = checkpoint.FindReady(slot);
  if (!bytes) return nullptr;
  const DType dtype = source.TypeOf(slot);
  const std::size_t row_bytes = bytes->size / static_cast<std::size_t>(dims[0]);
  if (!is_row) {
    return CopyListed(*bytes, dtype, dims, row_bytes, list.ptr());
  }
  const auto row = RowOf(region, dims[0]);
  if (!row || row_bytes > kKeepLock) return nullptr;
  PyObject* copy = NewRows(dtype, std::nullopt, dims);
  if (row_bytes > 0) {
    std::memcpy(DataOf(copy), bytes->data + *row * row_bytes, row_bytes);
  }
  return copy;
}

GatherRequest MakeGather(std::size_t slot, ParsedRegion parsed,
                         std::uint8_t* data,
                         const std::vector<std::int64_t>& strides) {
  Destination destination = DestinationOf(parsed, data, strides);
  return {slot, RisingRegion(std::move(parsed.region)), *parsed.list_axis,
          std::move(parsed.ids), std::move(destination)};
}

py::object ReadRows(const CheckpointReader& checkpoint, std::size_t slot,
                    const ParsedRegion& parsed, std::size_t threads,
                    bool steadily, std::optional<bool> check) {
  const TensorSource& source = checkpoint.source();
  const TensorFacts facts = source.Facts(slot);
  const std::size_t item_size = source.LayoutOf(slot).item_size;
  const std::vector<std::int64_t> shape = parsed.KeptShape();
  const auto size =
      static_cast<std::size_t>(ByteCount(Dims(shape), facts.dtype));
  const auto read = [&](RunOptions options) -> ArrayBytes {
    options.steadily = steadily;
    const CheckRule rule = checkpoint.RuleOf(check);
    const GatherRequest request{
        slot, RisingRegion(parsed.region), *parsed.list_axis, parsed.ids, {}};
    const Gather gather(source, request, rule, options);
    const std::shared_ptr<Memory> memory = Memory::Allocate(size);
    gather.Copy(DestinationOf(parsed, memory->data(),
                              ContiguousStrides(shape, item_size)),
                options);
    return {memory->data(), size, memory};
  };
  const bool is_small =
      !source.DecodesPieces() && facts.size <= kKeepLock && size <= kKeepLock;
  const ArrayBytes bytes =
      is_small ? read(RunOptions{})
               : Interruptible([&](const Interrupt& interrupted) {
                   return read(MakeOptions(threads, nullptr, interrupted));
                 });
  return MakeCopy(bytes, facts.dtype, shape);
}

}  // namespace fastckpt::internal
