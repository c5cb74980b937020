#include "bind_casts.h"

#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "array_maker.h"
#include "fastckpt/base/error.h"
#include "fastckpt/codec/float_cast.h"
#include "lock.h"
#include "numpy_view.h"
#include "reader.h"
#include "signals.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

RunOptions MakeCastOptions(std::size_t threads, CallProgress* progress,
                           const Interrupt& interrupted) {
  RunOptions options;
  options.threads = threads;
  options.progress = progress;
  options.interrupted = interrupted;
  return options;
}

// The type of that name to which one of the core's is cast.
DType TargetOf(DType from, const std::string& name) {
  const DType to = FindDType(name);
  if (!CanCast(from, to)) {
    throw py::value_error("no cast from " + DTypeName(from) + " to " + name);
  }
  return to;
}

py::list CountsOf(const std::vector<CastTo>& casts) {
  py::list counts;
  for (const CastTo& cast : casts) counts.append(cast.lost.load());
  return counts;
}

// (arrays, numbers lost in each).
py::tuple CopyCast(const Reader& reader, const std::vector<std::size_t>& slots,
                   const std::vector<std::string>& dtypes, std::size_t threads,
                   CallProgress* progress) {
  std::vector<CastTo> casts(slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    casts[i].dtype = TargetOf(reader.source().TypeOf(slots[i]), dtypes.at(i));
  }
  const auto copies = Interruptible(
      [&](const Interrupt& interrupted) {
        return reader.checkpoint()->Copy(
            slots, MakeCastOptions(threads, progress, interrupted), casts);
      },
      progress);
  py::list arrays;
  OwnerCache owners;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const ArrayBytes& copy = copies[i];
    PyObject* owner = owners.Find(copy.owner.get());
    if (owner == nullptr) owner = owners.Add(copy.owner, 0);
    arrays.append(py::reinterpret_steal<py::object>(
        MakeArray(copy, casts[i].dtype, reader.source().Facts(slots[i]).dims,
                  /*is_writable=*/true, owner)));
  }
  return py::make_tuple(arrays, CountsOf(casts));
}

// Where a whole tensor goes in an array of that dtype.
ReadRequest MakeRequest(const Reader& reader, std::size_t slot,
                        py::handle array, CastTo* cast) {
  const ParsedRegion parsed = reader.ParseRegion(slot, py::none());
  const TensorFacts facts = reader.source().Facts(slot);
  const auto label = [&] { return "tensor " + Quote(facts.name) + ": "; };
  try {
    const OutArray out =
        cast ? ViewOutArray(array, cast->dtype, parsed.KeptShape(),
                            "dtype= asks for")
             : ViewOutArray(array, facts.dtype, parsed.KeptShape());
    return {slot, parsed.region, {out.data, parsed.Spread(out.strides)}, cast};
  } catch (const py::type_error& error) {
    throw py::type_error(label() + error.what());
  } catch (const py::value_error& error) {
    throw py::value_error(label() + error.what());
  }
}

// Copies whole tensors into arrays, [(slot, array, dtype or None), ...], all of
// them checked before the first; gives the numbers lost in each.
py::list CastInto(const Reader& reader, const py::list& requests,
                  std::size_t threads, CallProgress* progress) {
  std::vector<CastTo> casts(requests.size());
  std::vector<ReadRequest> parsed;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto request = requests[i].cast<py::tuple>();
    const auto slot = request[0].cast<std::size_t>();
    if (!request[2].is_none()) {
      casts[i].dtype = TargetOf(reader.source().TypeOf(slot),
                                request[2].cast<std::string>());
    }
    parsed.push_back(
        MakeRequest(reader, slot, request[1], NullIfNone(&casts[i])));
  }
  Interruptible(
      [&](const Interrupt& interrupted) {
        reader.checkpoint()->Read(
            parsed, MakeCastOptions(threads, progress, interrupted),
            /*checks_first=*/true);
      },
      progress);
  return CountsOf(casts);
}

// Casts numbers from one buffer into another; gives how many were lost.
std::uint64_t CastBuffer(const py::buffer& source, const std::string& from,
                         const py::buffer& target, const std::string& to) {
  const py::buffer_info in = source.request();
  const py::buffer_info out = target.request(/*writable=*/true);
  const DType source_type = FindDType(from);
  const DType target_type = TargetOf(source_type, to);
  const auto count = static_cast<std::size_t>(in.size * in.itemsize) /
                     ElementSize(source_type);
  if (static_cast<std::size_t>(out.size * out.itemsize) !=
      count * ElementSize(target_type)) {
    throw py::value_error("the buffers hold different counts of numbers");
  }
  const auto cast = [&] {
    return CastFloats(source_type, target_type, in.ptr, out.ptr, count);
  };
  return count * ElementSize(source_type) <= kKeepLock ? cast()
                                                       : Unlocked(cast);
}

}  // namespace

void RegisterCasts(py::module_& module) {
  module.def("copy_cast", CopyCast, py::arg("reader"), py::arg("slots"),
             py::arg("dtypes"), py::arg("threads"),
             py::arg("progress").none(true));
  module.def("cast_into", CastInto, py::arg("reader"), py::arg("requests"),
             py::arg("threads"), py::arg("progress").none(true));
  module.def("cast_floats", CastBuffer, py::arg("source"),
             py::arg("from_dtype"), py::arg("target"), py::arg("to_dtype"));
}

}  // namespace fastckpt::internal
