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

// A tuple of what make(i) gives, new references to numbers: these refer to
// nothing, and the collector of circles need not look at them.
template <typename MakeOne>
PyObject* TupleOf(std::size_t count, const MakeOne& make) {
  py::tuple made(count);
  for (std::size_t i = 0; i < count; ++i) {
    PyTuple_SET_ITEM(made.ptr(), static_cast<Py_ssize_t>(i), Own(make(i)));
  }
  PyObject_GC_UnTrack(made.ptr());
  return made.release().ptr();
}

// Newer Pythons keep a tuple's hash in it: none yet.
template <typename Tuple>
void ForgetHash(Tuple* tuple) {
  if constexpr (requires { tuple->ob_hash; }) tuple->ob_hash = -1;
}

// Makes Python's objects of what was found, of a type that is a tuple of named
// fields and holds nothing else.
class Maker {
 public:
  explicit Maker(py::handle type)
      : type_(reinterpret_cast<PyTypeObject*>(type.ptr())),
        none_(py::make_tuple(py::tuple(), py::tuple())) {
    if (!PyType_Check(type.ptr()) || !PyType_IsSubtype(type_, &PyTuple_Type) ||
        type_->tp_basicsize != PyTuple_Type.tp_basicsize ||
        type_->tp_itemsize != PyTuple_Type.tp_itemsize) {
      throw py::type_error("results are of a type that is a plain tuple");
    }
  }

  // (min, max, mean, std, zeros, nan, inf, (counts, edges)).
  py::object Make(Numbers numbers, const NumberStatistics& found) const {
    const Moments& moments = found.moments;
    py::object made = Steal(type_->tp_alloc(type_, kFields));
    ForgetHash(reinterpret_cast<PyTupleObject*>(made.ptr()));
    // All it refers to is numbers, and its type.
    PyObject_GC_UnTrack(made.ptr());
    const auto set = [&](Py_ssize_t i, py::object&& value) {
      PyTuple_SET_ITEM(made.ptr(), i, value.release().ptr());
    };
    if (moments.count > 0) {
      set(0, Extreme(numbers, moments.low, moments.low_order));
      set(1, Extreme(numbers, moments.high, moments.high_order));
      set(2, MeanOf(numbers, moments));
      const double variance =
          moments.squares / static_cast<double>(moments.count);
      set(3, Steal(PyFloat_FromDouble(std::sqrt(variance))));
    } else {
      for (Py_ssize_t i = 0; i < 4; ++i) set(i, py::none());
    }
    set(4, Steal(PyLong_FromUnsignedLongLong(moments.zeros)));
    set(5, Steal(PyLong_FromUnsignedLongLong(moments.nan)));
    set(6, Steal(PyLong_FromUnsignedLongLong(moments.inf)));
    set(7, HistogramOf(found));
    return made;
  }

 private:
  static constexpr Py_ssize_t kFields = 8;

  py::object HistogramOf(const NumberStatistics& found) const {
    if (found.counts.empty()) return none_;
    const Bins bins = BinsOf(found.moments);
    py::tuple both(2);
    const auto count = [&](std::size_t i) {
      return PyLong_FromUnsignedLongLong(found.counts[i]);
    };
    PyTuple_SET_ITEM(both.ptr(), 0, TupleOf(found.counts.size(), count));
    const auto edge = [&](std::size_t i) {
      return PyFloat_FromDouble(bins.edges[i]);
    };
    PyTuple_SET_ITEM(both.ptr(), 1, TupleOf(bins.count + 1, edge));
    PyObject_GC_UnTrack(both.ptr());
    return both;
  }

  PyTypeObject* const type_;
  const py::tuple none_;
};

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
  if (ElementSize(dtype) == 1) return MakeForm(dtype, ValuesIn(values));
  if (HasMoments(dtype)) return MakeForm(dtype, nullptr);
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

bool HasMeaning(const TensorSource& source, std::size_t slot) {
  try {
    source.CheckMeaning(slot);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// (a byte for each slot, the first slot of each of these bytes): slots of one
// type have the same, and those that cannot be read one of their own.
py::tuple KindsOf(const Reader& reader, const std::vector<std::size_t>& slots) {
  const TensorSource& source = reader.source();
  std::string kinds;
  kinds.reserve(slots.size());
  std::vector<std::pair<std::optional<DType>, std::size_t>> known;
  for (const std::size_t slot : slots) {
    std::optional<DType> type;
    if (HasMeaning(source, slot)) type = source.TypeOf(slot);
    std::size_t kind = 0;
    while (kind < known.size() && known[kind].first != type) ++kind;
    if (kind == known.size()) known.emplace_back(type, slot);
    kinds.push_back(static_cast<char>(kind));
  }
  py::list first;
  for (const auto& one : known) first.append(one.second);
  return py::make_tuple(py::bytes(kinds), std::move(first));
}

py::list DescribeTensorsOf(const Reader& reader,
                           const std::vector<std::size_t>& slots,
                           const py::dict& values, bool with_histogram,
                           const py::object& type, std::size_t threads,
                           CallProgress* progress) {
  const Maker maker(type);
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
    const Numbers numbers = NumbersOf(tensors[i].form.dtype);
    PyList_SET_ITEM(result.ptr(), static_cast<Py_ssize_t>(i),
                    maker.Make(numbers, found[i]).release().ptr());
  }
  return result;
}

// Of numbers in a buffer; those of one byte come as uint8, or as int8 where
// they are integers.
py::object DescribeBuffer(const py::buffer& numbers, const std::string& dtype,
                          const std::optional<py::bytes>& values,
                          bool are_integers, const py::object& type,
                          std::size_t threads) {
  const Maker maker(type);
  const py::buffer_info info = numbers.request();
  const DType stored = FindDType(dtype);
  const NumberForm form =
      FormOf(stored, values ? py::object(*values) : py::object(py::none()));
  const ByteView bytes(static_cast<const std::uint8_t*>(info.ptr),
                       static_cast<std::size_t>(info.size * info.itemsize));
  if (bytes.size() % ElementSize(stored) != 0) {
    throw py::value_error("the buffer ends within a number");
  }
  const auto describe = [&](const Interrupt& interrupted) {
    return DescribeNumbers(form, bytes,
                           MakeOptions(threads, nullptr, interrupted));
  };
  const NumberStatistics found =
      bytes.size() <= kKeepLock ? describe(nullptr) : Interruptible(describe);
  if (form.bytes == nullptr) return maker.Make(NumbersOf(stored), found);
  return maker.Make(are_integers ? Numbers::kInteger : Numbers::kReal, found);
}

}  // namespace

void RegisterStatistics(py::module_& module) {
  module.def("describe_tensors", DescribeTensorsOf, py::arg("reader"),
             py::arg("slots"), py::arg("values"), py::arg("with_histogram"),
             py::arg("type"), py::arg("threads"),
             py::arg("progress").none(true));
  module.def("describe_numbers", DescribeBuffer, py::arg("numbers"),
             py::arg("dtype"), py::arg("values").none(true),
             py::arg("are_integers"), py::arg("type"), py::arg("threads"));
  module.def("kinds_of", KindsOf, py::arg("reader"), py::arg("slots"));
}

}  // namespace fastckpt::internal
