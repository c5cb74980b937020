#include "bind_salvage.h"

#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

#include "fastckpt/edit/index_salvage.h"
#include "fastckpt/edit/table_salvage.h"
#include "signals.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

using Part = std::pair<std::string, std::vector<std::string>>;

py::list NamesOf(const std::vector<std::string>& names) {
  py::list list(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    list[i] = NameToPython(names[i]);
  }
  return list;
}

// (unproved names, lost names, repairs, whether all of it was found, whether
// the byte order is known).
py::tuple Salvage(const std::vector<Part>& parts, const std::string& to,
                  std::uint64_t max_bytes) {
  std::vector<SalvagePart> from;
  for (const auto& [index, data] : parts) from.push_back({index, data});
  const IndexSalvage done = Interruptible([&](const Interrupt& interrupted) {
    return SalvageIndex(from, to, max_bytes, interrupted);
  });
  return py::make_tuple(NamesOf(done.unproved), NamesOf(done.lost),
                        NamesOf(done.repairs), done.is_whole, done.has_order);
}

void Adopt(const std::string& sibling, const std::vector<std::string>& data,
           const std::string& to, std::uint64_t max_bytes) {
  Interruptible([&](const Interrupt& interrupted) {
    AdoptIndex(sibling, data, to, max_bytes, interrupted);
  });
}

// (what was done, in words; whether all of it was found).
py::tuple SalvageV1(const std::string& path, const std::string& to) {
  const TableSalvage done = Interruptible([&](const Interrupt& interrupted) {
    return SalvageTable(path, to, interrupted);
  });
  return py::make_tuple(NamesOf(done.repairs), done.is_whole);
}

}  // namespace

void RegisterSalvage(py::module_& module) {
  module.def("salvage_index", &Salvage, py::arg("parts"), py::arg("to"),
             py::arg("max_bytes"));
  module.def("adopt_index", &Adopt, py::arg("sibling"), py::arg("data"),
             py::arg("to"), py::arg("max_bytes"));
  module.def("salvage_table", &SalvageV1, py::arg("path"), py::arg("to"));
}

}  // namespace fastckpt::internal
