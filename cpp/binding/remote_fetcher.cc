#include "remote_fetcher.h"

#include <string>
#include <utility>

#include "fastckpt/base/error.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// A reference that may be given back on any thread.
using Kept = std::shared_ptr<PyObject>;

Kept Keep(py::object object) {
  return Kept(object.release().ptr(), [](PyObject* kept) {
    const py::gil_scoped_acquire lock;
    Py_DECREF(kept);
  });
}

py::handle In(const Kept& kept) { return py::handle(kept.get()); }

// Of (kind, message, path): kind is an errno, or 0 for damage, or -1 for what
// is legal and not supported.
Error ErrorFrom(const py::tuple& told) {
  const int kind = told[0].cast<int>();
  Where where{NameFromPython(told[2]), {}, {}};
  std::string message = NameFromPython(told[1]);
  if (kind > 0) {
    return Error(ErrorKind::kSystem, std::move(message), std::move(where),
                 kind);
  }
  return Error(kind == 0 ? ErrorKind::kCorruption : ErrorKind::kUnsupported,
               std::move(message), std::move(where));
}

// Calls a method whose own failure is no error of the call.
template <typename... Arguments>
void CallQuietly(py::handle object, const char* method,
                 Arguments&&... arguments) {
  try {
    object.attr(method)(std::forward<Arguments>(arguments)...);
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable(method);
  }
}

class PythonStream final : public RangeStream {
 public:
  explicit PythonStream(py::object stream) : stream_(Keep(std::move(stream))) {}
  ~PythonStream() override {
    const py::gil_scoped_acquire lock;
    CallQuietly(In(stream_), "stop");
  }

  std::optional<Arrival> Wait() override {
    const py::gil_scoped_acquire lock;
    const py::object got = In(stream_).attr("next")();
    if (got.is_none()) return std::nullopt;
    const auto pair = py::reinterpret_borrow<py::tuple>(got);
    Arrival arrival;
    arrival.request = pair[0].cast<std::size_t>();
    py::object came = pair[1];
    if (!py::isinstance<py::bytes>(came)) {
      arrival.error = ErrorFrom(py::reinterpret_borrow<py::tuple>(came));
      CallQuietly(In(stream_), "done", arrival.request);
      return arrival;
    }
    arrival.bytes = ByteView(
        reinterpret_cast<const std::uint8_t*>(PyBytes_AS_STRING(came.ptr())),
        static_cast<std::size_t>(PyBytes_GET_SIZE(came.ptr())));
    arrival.owner = KeepUnderWay(std::move(came), arrival.request);
    return arrival;
  }

  void Finish() override { Ask("finish"); }
  bool Compare() override { return Ask("compare"); }

 private:
  // Throws what is told to be wrong; false where nobody knows.
  bool Ask(const char* method) const {
    const py::gil_scoped_acquire lock;
    const py::object told = In(stream_).attr(method)();
    if (!py::isinstance<py::tuple>(told)) return !told.equal(py::bool_(false));
    throw ErrorFrom(py::reinterpret_borrow<py::tuple>(told));
  }

  // Says that a request's bytes are no longer needed, once they are not.
  std::shared_ptr<const void> KeepUnderWay(py::object bytes,
                                           std::size_t request) const {
    PyObject* object = bytes.release().ptr();
    return std::shared_ptr<const void>(
        object, [stream = stream_, request, object](const void*) {
          const py::gil_scoped_acquire lock;
          Py_DECREF(object);
          CallQuietly(In(stream), "done", request);
        });
  }

  Kept stream_;
};

class PythonFetcher final : public RangeFetcher {
 public:
  explicit PythonFetcher(py::object fetcher)
      : fetcher_(Keep(std::move(fetcher))) {}

  Object Open(const std::string& path) const override {
    const py::gil_scoped_acquire lock;
    const auto told = py::reinterpret_borrow<py::tuple>(
        py::object(In(fetcher_).attr("open")(PathToPython(path))));
    if (told.size() == 3) throw ErrorFrom(told);
    const auto identity = py::reinterpret_borrow<py::tuple>(told[1]);
    return {
        told[0].cast<std::uint32_t>(),
        {identity[0].cast<std::uint64_t>(), identity[1].cast<std::uint64_t>(),
         identity[2].cast<std::int64_t>()}};
  }

  std::unique_ptr<RangeStream> Start(
      const std::vector<RangeRequest>& requests,
      const RangePurpose& purpose) const override {
    const py::gil_scoped_acquire lock;
    py::list list(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const RangeRequest& each = requests[i];
      list[i] = py::make_tuple(each.object, each.offset, each.size);
    }
    return std::make_unique<PythonStream>(In(fetcher_).attr("start")(
        list, purpose.wanted_bytes, purpose.is_unchecked));
  }

 private:
  Kept fetcher_;
};

}  // namespace

std::shared_ptr<const RangeFetcher> MakeRemoteFetcher(py::object fetcher) {
  return std::make_shared<PythonFetcher>(std::move(fetcher));
}

}  // namespace fastckpt::internal
