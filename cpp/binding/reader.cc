#include "reader.h"

#include <optional>
#include <utility>

#include "error_border.h"
#include "fastckpt/io/memory.h"
#include "fastckpt/read/bundle_source.h"
#include "fastckpt/read/v1_source.h"
#include "tensor_info.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt {
namespace {

// Below this much work the lock is kept: to take it back can mean a wait of
// milliseconds for a thread that computes.
constexpr std::uint64_t kKeepLock = 64 << 10;

const unsigned long main_thread = PyThread_get_thread_ident();

bool CheckSignals() {
  const py::gil_scoped_acquire lock;
  return PyErr_CheckSignals() != 0;
}

RunOptions MakeOptions(std::size_t threads, Progress* progress) {
  RunOptions options;
  options.threads = threads;
  options.progress = progress;
  // Python runs signal handlers in the main thread only.
  if (PyThread_get_thread_ident() == main_thread) {
    options.interrupted = CheckSignals;
  }
  return options;
}

// Runs `work` without the lock.
template <typename Work>
auto Unlocked(Work&& work) {
  const py::gil_scoped_release unlock;
  return std::forward<Work>(work)();
}

py::object ShapeText(const std::vector<std::int64_t>& shape) {
  return py::str(DimsToPython(shape));
}

std::uint64_t RequestSize(const TensorSource& source,
                          const std::vector<ReadRequest>& requests) {
  std::uint64_t size = 0;
  for (const ReadRequest& request : requests) {
    size += source.Facts(request.slot).size;
  }
  return size;
}

py::tuple IdentityToPython(const FileIdentity& identity) {
  return py::make_tuple(identity.inode, identity.size, identity.mtime);
}

}  // namespace

std::vector<std::int64_t> ParsedRegion::KeptShape() const {
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < region.size(); ++i) {
    if (keeps[i]) shape.push_back(region[i].count);
  }
  return shape;
}

std::vector<std::int64_t> ParsedRegion::Spread(
    const std::vector<std::int64_t>& strides) const {
  std::vector<std::int64_t> spread;
  std::size_t kept = 0;
  for (const bool keep : keeps) spread.push_back(keep ? strides[kept++] : 0);
  return spread;
}

// A shape that is wrong is the file's fault, not the region's.
ParsedRegion Reader::ParseRegion(std::size_t slot,
                                 const py::tuple& dims) const {
  return WithName(source(), slot, [&] {
    source().CheckShape(slot);
    ParsedRegion parsed;
    for (const py::handle dim : dims) {
      const auto fields = py::reinterpret_borrow<py::tuple>(dim);
      parsed.region.push_back({fields[0].cast<std::int64_t>(),
                               fields[1].cast<std::int64_t>(),
                               fields[2].cast<std::int64_t>()});
      parsed.keeps.push_back(fields[3].cast<bool>());
    }
    CheckRegion(parsed.region, source().Facts(slot).dims);
    return parsed;
  });
}

ReadRequest Reader::ParseRequest(const py::tuple& request) const {
  const auto slot = request[0].cast<std::size_t>();
  const ParsedRegion parsed = ParseRegion(slot, request[1].cast<py::tuple>());
  const OutArray out = ViewOutArray(request[2], source().Facts(slot).dtype);
  if (out.shape != parsed.KeptShape()) {
    throw py::value_error(
        "out has shape " + ShapeText(out.shape).cast<std::string>() +
        ", the region " + ShapeText(parsed.KeptShape()).cast<std::string>());
  }
  ReadRequest result{
      slot, parsed.region, {out.data, parsed.Spread(out.strides)}};
  FlipNegativeSteps(&result.region, &result.destination);
  return result;
}

py::list Reader::Names() const {
  py::list names(source().tensor_count());
  Py_ssize_t next = 0;
  for (std::size_t slot = 0; slot < source().slot_count(); ++slot) {
    if (!source().IsTensor(slot)) continue;
    PyList_SET_ITEM(names.ptr(), next++,
                    NameToPython(source().Facts(slot).name).release().ptr());
  }
  return names;
}

py::list Reader::Slots() const {
  py::list slots(source().tensor_count());
  Py_ssize_t next = 0;
  for (std::size_t slot = 0; slot < source().slot_count(); ++slot) {
    if (!source().IsTensor(slot)) continue;
    PyList_SET_ITEM(slots.ptr(), next++, PyLong_FromSize_t(slot));
  }
  return slots;
}

py::object Reader::Shape(std::size_t slot) const {
  return WithName(source(), slot, [&] {
    source().CheckShape(slot);
    return DimsToPython(source().Facts(slot).dims);
  });
}

void Reader::Check(std::size_t slot, const py::tuple& dims) const {
  const ParsedRegion parsed = ParseRegion(slot, dims);
  const auto find = [&] {
    WithName(source(), slot, [&] {
      std::vector<Piece> pieces;
      SeenFiles seen;
      source().AppendPieces(slot, &parsed.region, false, &seen, &pieces);
    });
  };
  // Called for each of many requests, mostly without a byte to read.
  if (source().DecodesPieces()) return Unlocked(find);
  find();
}

bool Reader::IsSwapped(std::size_t slot) const {
  return source().LayoutOf(slot).swap_unit > 1;
}

py::object Reader::Find(py::handle name) const {
  std::string storage;
  std::string_view bytes;
  if (!ViewName(name.ptr(), &storage, &bytes)) return py::none();
  const auto slot = source().Find(bytes);
  return slot ? py::object(py::int_(*slot)) : py::none();
}

py::object Reader::Info(std::size_t slot) const {
  PyObject* info = MakeTensorInfo(checkpoint_, slot);
  if (info == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(info);
}

py::list Reader::Infos() const {
  py::list infos(source().tensor_count());
  Py_ssize_t next = 0;
  for (std::size_t slot = 0; slot < source().slot_count(); ++slot) {
    if (!source().IsTensor(slot)) continue;
    PyList_SET_ITEM(infos.ptr(), next++, Info(slot).release().ptr());
  }
  return infos;
}

bool Reader::IsString(std::size_t slot) const {
  return source().Facts(slot).dtype == DType::kString;
}

std::optional<std::size_t> Reader::FindNext(std::string_view name) {
  const std::size_t next = next_slot_.load(std::memory_order_relaxed);
  const bool is_next = next < source().slot_count() &&
                       source().IsTensor(next) && source().Name(next) == name;
  const auto slot = is_next ? next : source().Find(name);
  if (slot) next_slot_.store(*slot + 1, std::memory_order_relaxed);
  return slot;
}

py::object Reader::Get(py::handle name, std::size_t threads) {
  std::string storage;
  std::string_view bytes;
  std::optional<std::size_t> slot;
  if (ViewName(name.ptr(), &storage, &bytes)) slot = FindNext(bytes);
  if (!slot) {
    PyErr_SetObject(PyExc_KeyError, name.ptr());
    throw py::error_already_set();
  }
  const auto ready = checkpoint_->FindReady(*slot);
  if (!ready) return TakeOne(*slot, threads);
  const TensorFacts facts = source().Facts(*slot);
  return py::reinterpret_steal<py::object>(MakeArray(
      *ready, facts.dtype, facts.dims, false, mappings_.Find(ready->owner)));
}

py::object Reader::TakeOne(std::size_t slot, std::size_t threads) const {
  if (IsString(slot)) return ReadStrings(slot, false);
  const std::vector<std::size_t> slots = {slot};
  std::optional<std::vector<ArrayBytes>> taken;
  const bool is_small =
      !source().DecodesPieces() && source().Facts(slot).size <= kKeepLock;
  if (is_small) {
    RunOptions options;
    taken = checkpoint_->Take(slots, options, false);
  }
  if (!taken) {
    const RunOptions options = MakeOptions(threads, nullptr);
    taken = Unlocked([&] { return checkpoint_->Take(slots, options, true); });
  }
  return ToArrays(slots, *taken, false)[0];
}

py::list Reader::Take(const std::vector<std::size_t>& slots,
                      std::size_t threads, Progress* progress) const {
  return WithStrings(slots, false, &Reader::TakeArrays, threads, progress);
}

py::list Reader::Copy(const std::vector<std::size_t>& slots,
                      std::size_t threads, Progress* progress) const {
  return WithStrings(slots, true, &Reader::CopyArrays, threads, progress);
}

py::list Reader::TakeArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, Progress* progress) const {
  const RunOptions options = MakeOptions(threads, progress);
  const auto taken =
      Unlocked([&] { return checkpoint_->Take(slots, options, true); });
  return ToArrays(slots, *taken, false);
}

py::list Reader::CopyArrays(const std::vector<std::size_t>& slots,
                            std::size_t threads, Progress* progress) const {
  const RunOptions options = MakeOptions(threads, progress);
  const auto copies =
      Unlocked([&] { return checkpoint_->Copy(slots, options); });
  return ToArrays(slots, copies, true);
}

// Numeric tensors by `read` in one go, strings one by one.
py::list Reader::WithStrings(
    const std::vector<std::size_t>& slots, bool is_writable,
    py::list (Reader::*read)(const std::vector<std::size_t>&, std::size_t,
                             Progress*) const,
    std::size_t threads, Progress* progress) const {
  std::vector<std::size_t> numeric;
  for (const std::size_t slot : slots) {
    if (!IsString(slot)) numeric.push_back(slot);
  }
  py::list arrays = (this->*read)(numeric, threads, progress);
  if (numeric.size() == slots.size()) return arrays;
  py::list all;
  std::size_t next = 0;
  for (const std::size_t slot : slots) {
    if (IsString(slot)) {
      all.append(ReadStrings(slot, is_writable));
    } else {
      all.append(arrays[next++]);
    }
  }
  return all;
}

py::object Reader::ReadStrings(std::size_t slot, bool is_writable) const {
  const auto pieces = Unlocked([&] { return checkpoint_->Strings(slot); });
  return MakeStringArray(pieces, source().Facts(slot).dims, is_writable);
}

PyObject* Reader::OwnerOf(const std::shared_ptr<const void>& owner,
                          OwnerCache* others) const {
  const bool is_mapping = source().HasMapping(owner.get());
  return (is_mapping ? mappings_ : *others).Find(owner);
}

py::list Reader::ToArrays(const std::vector<std::size_t>& slots,
                          const std::vector<ArrayBytes>& arrays,
                          bool is_writable) const {
  OwnerCache owners;
  py::list list(slots.size());
  PyObject* owner = nullptr;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const TensorFacts facts = source().Facts(slots[i]);
    if (i == 0 || arrays[i].owner != arrays[i - 1].owner) {
      owner = OwnerOf(arrays[i].owner, &owners);
    }
    PyList_SET_ITEM(
        list.ptr(), static_cast<Py_ssize_t>(i),
        MakeArray(arrays[i], facts.dtype, facts.dims, is_writable, owner));
  }
  return list;
}

py::object Reader::ReadRegion(std::size_t slot, const py::tuple& dims,
                              std::size_t threads) const {
  const TensorFacts facts = source().Facts(slot);
  const ParsedRegion parsed = ParseRegion(slot, dims);
  const std::vector<std::int64_t> shape = parsed.KeptShape();
  const std::size_t item_size = source().LayoutOf(slot).item_size;
  const RunOptions options = MakeOptions(threads, nullptr);
  const ArrayBytes bytes = Unlocked([&] {
    return checkpoint_->CopyRegion(
        slot, parsed.region, parsed.Spread(ContiguousStrides(shape, item_size)),
        options);
  });
  OwnerCache owners;
  return py::reinterpret_steal<py::object>(
      MakeArray(bytes, facts.dtype, shape, true, owners.Find(bytes.owner)));
}

void Reader::ReadInto(const py::list& requests, std::size_t threads,
                      Progress* progress) const {
  std::vector<ReadRequest> parsed;
  for (const py::handle request : requests) {
    parsed.push_back(ParseRequest(py::reinterpret_borrow<py::tuple>(request)));
  }
  if (!source().DecodesPieces() && RequestSize(source(), parsed) <= kKeepLock) {
    checkpoint_->Read(parsed, RunOptions{});
    return;
  }
  const RunOptions options = MakeOptions(threads, progress);
  Unlocked([&] { checkpoint_->Read(parsed, options); });
}

py::tuple Reader::Verify(std::size_t threads, Progress* progress) const {
  const RunOptions options = MakeOptions(threads, progress);
  const VerifyResult result =
      Unlocked([&] { return checkpoint_->Verify(options); });
  py::list problems;
  for (const Error& error : result.problems) {
    problems.append(MakePythonError(error));
  }
  return py::make_tuple(result.bytes_checked, problems);
}

std::vector<PiecePlace> Reader::FindPlaces(std::size_t slot) const {
  const auto find = [&] { return source().Places(slot); };
  return source().DecodesPieces() ? Unlocked(find) : find();
}

py::list Reader::Places(std::size_t slot) const {
  return WithName(source(), slot, [&] {
    py::list places;
    for (const PiecePlace& place : FindPlaces(slot)) {
      places.append(py::make_tuple(PathToPython(place.path), place.offset,
                                   place.size, DimsToPython(place.box.begin),
                                   DimsToPython(place.box.extent)));
    }
    return places;
  });
}

py::list Reader::ByteRuns(std::size_t slot, const py::tuple& dims) const {
  return WithName(source(), slot, [&] {
    const ParsedRegion parsed = ParseRegion(slot, dims);
    const std::vector<PiecePlace> places = FindPlaces(slot);
    py::list runs;
    for (const ByteRun& run : FindByteRuns(places, parsed.region,
                                           source().LayoutOf(slot).item_size)) {
      runs.append(py::make_tuple(PathToPython(places[run.place].path),
                                 run.offset, run.size));
    }
    return runs;
  });
}

py::list Reader::OpenFiles() const {
  py::list files;
  for (const DataFile* file : source().OpenFiles()) {
    const auto& mapping = file->mapping();
    files.append(
        py::make_tuple(PathToPython(file->path()), file->size(),
                       mapping ? py::object(py::int_(mapping->ResidentBytes()))
                               : py::object(py::none())));
  }
  return files;
}

py::bytes Reader::DebugString() const {
  return py::bytes(source().DebugString());
}

py::list Reader::Identity() const {
  py::list identities;
  for (const FileIdentity& identity : source().Identities()) {
    identities.append(IdentityToPython(identity));
  }
  return identities;
}

}  // namespace fastckpt
