#include "bind_files.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "fastckpt/platform/data_file.h"
#include "fastckpt/platform/filesystem.h"
#include "fastckpt/proto/checkpoint_state.h"
#include "fastckpt/read/damage_signs.h"
#include "fastckpt/v1/v1_reader.h"
#include "fastckpt/v2/aside_set.h"
#include "fastckpt/v2/bundle_place.h"
#include "fastckpt/v2/shard_name.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

using Identity = std::tuple<std::uint64_t, std::uint64_t, std::int64_t>;

py::bytes PathIn(const std::string& prefix, const std::string& name) {
  return py::bytes(std::string(FolderPartOf(prefix)) + name);
}

// (path, is V1): of the index or V1 file that counts by a listing of the
// folder, or None for a path.
py::tuple FindListed(const std::string& prefix) {
  const std::string base(BaseOf(prefix));
  const std::vector<ListedFile> files = ListFilesOf(prefix);
  const auto has = [&](const std::string& name) {
    return std::any_of(files.begin(), files.end(),
                       [&](const auto& file) { return file.name == name; });
  };
  if (has(IndexName(base))) {
    return py::make_tuple(PathIn(prefix, IndexName(base)), false);
  }
  if (has(base)) return py::make_tuple(PathIn(prefix, base), true);
  const auto set = FindAsideSet(base, files);
  if (!set) return py::make_tuple(py::none(), false);
  return py::make_tuple(PathIn(prefix, set->name()), set->is_v1());
}

py::list ListAsideRemovals(const std::string& prefix, bool is_v1) {
  py::list paths;
  for (const std::string& name :
       AsideRemovalOrder(BaseOf(prefix), ListFilesOf(prefix), is_v1)) {
    paths.append(PathIn(prefix, name));
  }
  return paths;
}

py::object FindBase(const std::string& name) {
  const auto base = BaseOfAside(name);
  return base ? py::object(py::bytes(*base)) : py::none();
}

py::object FindAgain(const std::string& prefix, bool is_v1,
                     const Identity& identity) {
  const FileIdentity wanted{std::get<0>(identity), std::get<1>(identity),
                            std::get<2>(identity)};
  if (is_v1) {
    const auto path = FindV1File(prefix, wanted);
    return path ? py::object(py::bytes(*path)) : py::none();
  }
  const auto place = FindPlace(prefix, wanted);
  return place ? py::object(py::bytes(place->IndexPath())) : py::none();
}

// (model_checkpoint_path, all_model_checkpoint_paths,
// all_model_checkpoint_timestamps, last_preserved_timestamp), paths as bytes.
py::tuple ParseState(const py::bytes& text) {
  const CheckpointState state = ParseCheckpointState(std::string_view(text));
  py::list paths;
  for (const std::string& path : state.all_model_checkpoint_paths) {
    paths.append(py::bytes(path));
  }
  return py::make_tuple(py::bytes(state.model_checkpoint_path), paths,
                        state.all_model_checkpoint_timestamps,
                        state.last_preserved_timestamp);
}

const char* Probe(const std::string& path) {
  return IsV1Table(DataFile(path, IoMode::kRead)) ? "v1" : "v2";
}

// [(begin, end), ...] of pages of nothing but zeros, those alone that begin or
// end where other bytes do.
py::list FindZeroPages(const std::string& path) {
  std::vector<ZeroPages> zeros;
  {
    const py::gil_scoped_release unlock;
    const DataFile file(path, IoMode::kRead);
    zeros = DamageSigns(file).Find(0, file.size()).zeros;
  }
  py::list found;
  for (const ZeroPages& run : zeros) {
    if (run.is_cut_out) found.append(py::make_tuple(run.begin, run.end));
  }
  return found;
}

}  // namespace

void RegisterFiles(py::module_& module) {
  const auto unlocked = py::call_guard<py::gil_scoped_release>();
  module.def("probe", Probe, py::arg("path"), unlocked);
  module.def("zero_pages", FindZeroPages, py::arg("path"));
  module.def("filesystem_of", FilesystemOf, py::arg("path"), unlocked);
  module.def("is_network_filesystem", IsNetworkFilesystem, py::arg("name"));
  module.def("parse_checkpoint_state", ParseState, py::arg("text"));
  module.def("find_listed", FindListed, py::arg("prefix"));
  module.def("list_aside_removals", ListAsideRemovals, py::arg("prefix"),
             py::arg("is_v1"));
  module.def("base_of_aside", FindBase, py::arg("name"));
  module.def("find_again", FindAgain, py::arg("prefix"), py::arg("is_v1"),
             py::arg("identity"));
}

}  // namespace fastckpt::internal
