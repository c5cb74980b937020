#include "listing.h"

#include <optional>
#include <vector>

#include "error_border.h"
#include "fastckpt/read/byte_runs.h"
#include "fastckpt/read/gather.h"
#include "lock.h"
#include "numpy_types.h"
#include "tensor_info.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// (offset, size, offset of the only wrong byte or None, [(begin, end, is cut
// out), ...] of pages of zeros).
py::object DescribeDamage(const Damage& damage) {
  py::list zeros;
  for (const ZeroPages& run : damage.zeros) {
    zeros.append(py::make_tuple(run.begin, run.end, run.is_cut_out));
  }
  const py::object byte = damage.wrong_byte
                              ? py::object(py::int_(*damage.wrong_byte))
                              : py::object(py::none());
  return py::make_tuple(damage.offset, damage.size, byte, zeros);
}

// A list of make(slot), a new reference, for each tensor.
template <typename Make>
py::list ForEachTensor(const TensorSource& source, const Make& make) {
  py::list list(source.tensor_count());
  Py_ssize_t next = 0;
  for (std::size_t slot = 0; slot < source.slot_count(); ++slot) {
    if (!source.IsTensor(slot)) continue;
    PyObject* item = make(slot);
    if (item == nullptr) throw py::error_already_set();
    PyList_SET_ITEM(list.ptr(), next++, item);
  }
  return list;
}

std::vector<PiecePlace> FindPlaces(const TensorSource& source,
                                   std::size_t slot) {
  const auto find = [&] { return source.Places(slot); };
  return source.DecodesPieces() ? Unlocked(find) : find();
}

}  // namespace

py::list ListNames(const TensorSource& source) {
  return ForEachTensor(source, [&](std::size_t slot) {
    return NameToPython(source.Name(slot)).release().ptr();
  });
}

py::list ListSlots(const TensorSource& source) {
  return ForEachTensor(source, PyLong_FromSize_t);
}

py::list ListInfos(const std::shared_ptr<const CheckpointReader>& checkpoint) {
  return ForEachTensor(checkpoint->source(), [&](std::size_t slot) {
    return MakeTensorInfo(checkpoint, slot);
  });
}

py::list ListPlaces(const TensorSource& source, std::size_t slot) {
  return WithName(source, slot, [&] {
    py::list places;
    for (const PiecePlace& place : FindPlaces(source, slot)) {
      places.append(py::make_tuple(PathToPython(place.path), place.offset,
                                   place.size, DimsToPython(place.box.begin),
                                   DimsToPython(place.box.extent)));
    }
    return places;
  });
}

py::list ListByteRuns(const TensorSource& source, std::size_t slot,
                      const ParsedRegion& region) {
  return WithName(source, slot, [&] {
    const std::vector<PiecePlace> places = FindPlaces(source, slot);
    const std::size_t item_size = source.LayoutOf(slot).item_size;
    const auto find = [&] {
      if (!region.list_axis) {
        return FindByteRuns(places, region.region, item_size);
      }
      return FindGatheredRuns(places, region.region, *region.list_axis,
                              region.ids, item_size);
    };
    const bool is_long = RegionCount(region.region) > kKeepLock;
    const std::vector<ByteRun> found = is_long ? Unlocked(find) : find();
    py::list runs;
    for (const ByteRun& run : found) {
      runs.append(py::make_tuple(PathToPython(places[run.place].path),
                                 run.offset, run.size));
    }
    return runs;
  });
}

py::list ListOpenFiles(const TensorSource& source) {
  py::list files;
  for (const DataFile* file : source.OpenFiles()) {
    const auto& mapping = file->mapping();
    files.append(
        py::make_tuple(PathToPython(file->path()), file->size(),
                       mapping ? py::object(py::int_(mapping->ResidentBytes()))
                               : py::object(py::none())));
  }
  return files;
}

py::list ListNamesOfFiles(const std::vector<std::string>& names) {
  py::list paths;
  for (const std::string& name : names) paths.append(PathToPython(name));
  return paths;
}

py::list ListPaths(const TensorSource& source) {
  return ListNamesOfFiles(source.IdentityPaths());
}

py::list ListIdentities(const TensorSource& source) {
  py::list identities;
  for (const FileIdentity& identity : source.Identities()) {
    identities.append(
        py::make_tuple(identity.inode, identity.size, identity.mtime));
  }
  return identities;
}

py::tuple ListProblems(const VerifyResult& result) {
  py::list problems;
  for (const Error& error : result.problems) {
    problems.append(MakePythonError(error));
  }
  py::list damages;
  for (const std::optional<Damage>& damage : result.damages) {
    damages.append(damage ? DescribeDamage(*damage) : py::object(py::none()));
  }
  return py::make_tuple(result.bytes_checked, problems, damages);
}

}  // namespace fastckpt::internal
