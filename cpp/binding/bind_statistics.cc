#include "bind_statistics.h"

#include <pybind11/stl.h>

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/codec/value_counts.h"
#include "fastckpt/read/number_statistics.h"
#include "lock.h"
#include "reader.h"
#include "run_options.h"
#include "signals.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// Which Python numbers the extremes and the mean of a type are.
enum class Numbers { kReal, kComplex, kInteger, kInt64, kUint64 };

Numbers NumbersOf(DType dtype) {
  switch (dtype) {
    case DType::kComplex64:
    case DType::kComplex128:
      return Numbers::kComplex;
    case DType::kInt64:
      return Numbers::kInt64;
    case DType::kUint64:
      return Numbers::kUint64;
    case DType::kHalf:
    case DType::kBfloat16:
    case DType::kFloat:
    case DType::kDouble:
    case DType::kFloat8E5m2:
    case DType::kFloat8E4m3fn:
    case DType::kFloat8E4m3fnuz:
    case DType::kFloat8E4m3b11fnuz:
    case DType::kFloat8E5m2fnuz:
    case DType::kFloat4E2m1fn:
      return Numbers::kReal;
    default:
      return Numbers::kInteger;
  }
}

PyObject* Own(PyObject* object) {
  if (object == nullptr) throw py::error_already_set();
  return object;
}

py::object Steal(PyObject* object) {
  return py::reinterpret_steal<py::object>(Own(object));
}

py::object Extreme(Numbers numbers, double value, std::uint64_t order) {
  switch (numbers) {
    case Numbers::kInt64:
      return Steal(PyLong_FromLongLong(SignedOf(order)));
    case Numbers::kUint64:
      return Steal(PyLong_FromUnsignedLongLong(order));
    case Numbers::kInteger:
      return Steal(PyLong_FromLongLong(static_cast<long long>(value)));
    default:
      return Steal(PyFloat_FromDouble(value));
  }
}

py::object MeanOf(Numbers numbers, const Moments& moments) {
  if (numbers != Numbers::kComplex) {
    return Steal(PyFloat_FromDouble(moments.mean));
  }
  return Steal(PyComplex_FromDoubles(moments.mean, moments.imaginary_mean));
}

// Numbers refer to nothing: the collector of circles need not look at them.
py::tuple OutOfSight(py::tuple&& numbers) {
  PyObject_GC_UnTrack(numbers.ptr());
  return std::move(numbers);
}

py::tuple HistogramOf(const NumberStatistics& found) {
  const std::size_t bins = found.bins.count;
  py::tuple counts(bins);
  for (std::size_t i = 0; i < bins; ++i) {
    PyTuple_SET_ITEM(counts.ptr(), static_cast<Py_ssize_t>(i),
                     Own(PyLong_FromUnsignedLongLong(found.counts[i])));
  }
  const std::size_t edge_count = bins == 0 ? 0 : bins + 1;
  py::tuple edges(edge_count);
  for (std::size_t i = 0; i < edge_count; ++i) {
    PyTuple_SET_ITEM(edges.ptr(), static_cast<Py_ssize_t>(i),
                     Own(PyFloat_FromDouble(found.bins.edges[i])));
  }
  if (bins == 0) return py::make_tuple(std::move(counts), std::move(edges));
  return py::make_tuple(OutOfSight(std::move(counts)),
                        OutOfSight(std::move(edges)));
}

// (min, max, mean, std, zeros, nan, inf, (counts, edges)).
py::tuple ToPython(Numbers numbers, const NumberStatistics& found) {
  const Moments& moments = found.moments;
  py::object low = py::none(), high = py::none(), mean = py::none(),
             deviation = py::none();
  if (moments.count > 0) {
    low = Extreme(numbers, moments.low, moments.low_order);
    high = Extreme(numbers, moments.high, moments.high_order);
    mean = MeanOf(numbers, moments);
    const double variance =
        moments.squares / static_cast<double>(moments.count);
    deviation = Steal(PyFloat_FromDouble(std::sqrt(variance)));
  }
  return py::make_tuple(std::move(low), std::move(high), std::move(mean),
                        std::move(deviation), moments.zeros, moments.nan,
                        moments.inf, HistogramOf(found));
}

const double* ValuesIn(const py::handle& bytes) {
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(bytes.ptr(), &data, &size) != 0) {
    throw py::error_already_set();
  }
  if (static_cast<std::size_t>(size) != kByteValues * sizeof(double)) {
    throw py::value_error("a byte has 256 values");
  }
  // The values of a bytes object are aligned as memory from malloc is.
  return reinterpret_cast<const double*>(data);
}

NumberForm FormOf(DType dtype, py::handle values) {
  if (ElementSize(dtype) == 1) return {dtype, ValuesIn(values)};
  if (HasMoments(dtype)) return {dtype, nullptr};
  throw py::value_error("no numbers: " + DTypeName(dtype));
}

// The form of each slot; `values`: {name of a type of one byte: 256 float64 in
// bytes}, which must outlive what is given.
std::vector<NumberTensor> TensorsOf(const Reader& reader,
                                    const std::vector<std::size_t>& slots,
                                    const py::dict& values) {
  std::vector<NumberTensor> tensors;
  std::vector<std::pair<DType, NumberForm>> known;
  for (const std::size_t slot : slots) {
    const DType dtype = reader.source().TypeOf(slot);
    const NumberForm* form = nullptr;
    for (const auto& one : known) {
      if (one.first == dtype) form = &one.second;
    }
    if (form == nullptr) {
      const std::string name = DTypeName(dtype);
      const py::object its = values.contains(name)
                                 ? py::object(values[py::str(name)])
                                 : py::none();
      known.emplace_back(dtype, FormOf(dtype, its));
      form = &known.back().second;
    }
    tensors.push_back({slot, *form});
  }
  return tensors;
}

py::list DescribeTensorsOf(const Reader& reader,
                           const std::vector<std::size_t>& slots,
                           const py::dict& values, bool with_histogram,
                           std::size_t threads, CallProgress* progress) {
  const std::vector<NumberTensor> tensors = TensorsOf(reader, slots, values);
  const CheckRule rule = reader.checkpoint()->RuleOf({});
  const auto found = Interruptible(
      [&](const Interrupt& interrupted) {
        return DescribeTensors(reader.source(), tensors, with_histogram, rule,
                               MakeOptions(threads, progress, interrupted));
      },
      progress);
  py::list result(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    result[i] = ToPython(NumbersOf(tensors[i].form.dtype), found[i]);
  }
  return result;
}

// Of numbers in a buffer; those of one byte come as uint8, or as int8 where
// they are integers.
py::tuple DescribeBuffer(const py::buffer& numbers, const std::string& dtype,
                         const std::optional<py::bytes>& values,
                         bool are_integers, std::size_t threads) {
  const py::buffer_info info = numbers.request();
  const DType type = FindDType(dtype);
  const NumberForm form =
      FormOf(type, values ? py::object(*values) : py::object(py::none()));
  const ByteView bytes(static_cast<const std::uint8_t*>(info.ptr),
                       static_cast<std::size_t>(info.size * info.itemsize));
  if (bytes.size() % ElementSize(type) != 0) {
    throw py::value_error("the buffer ends within a number");
  }
  const auto describe = [&](const Interrupt& interrupted) {
    return DescribeNumbers(form, bytes,
                           MakeOptions(threads, nullptr, interrupted));
  };
  const NumberStatistics found =
      bytes.size() <= kKeepLock ? describe(nullptr) : Interruptible(describe);
  if (form.bytes == nullptr) return ToPython(NumbersOf(type), found);
  return ToPython(are_integers ? Numbers::kInteger : Numbers::kReal, found);
}

}  // namespace

void RegisterStatistics(py::module_& module) {
  module.def("describe_tensors", DescribeTensorsOf, py::arg("reader"),
             py::arg("slots"), py::arg("values"), py::arg("with_histogram"),
             py::arg("threads"), py::arg("progress").none(true));
  module.def("describe_numbers", DescribeBuffer, py::arg("numbers"),
             py::arg("dtype"), py::arg("values").none(true),
             py::arg("are_integers"), py::arg("threads"));
}

}  // namespace fastckpt::internal
