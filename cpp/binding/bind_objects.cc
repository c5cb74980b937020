#include "bind_objects.h"

#include <pybind11/stl.h>

#include <string>
#include <string_view>

#include "fastckpt/proto/object_graph.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

template <typename Items, typename Make>
py::list ListOf(const Items& items, Make&& make) {
  py::list list(items.size());
  std::size_t i = 0;
  for (const auto& item : items) list[i++] = make(item);
  return list;
}

py::tuple NodeToPython(const ObjectNode& node) {
  return py::make_tuple(
      ListOf(node.children,
             [](const HeldObject& held) {
               return py::make_tuple(held.node, NameToPython(held.name));
             }),
      ListOf(node.values,
             [](const ObjectValue& value) {
               return py::make_tuple(NameToPython(value.name),
                                     NameToPython(value.full_name),
                                     NameToPython(value.key));
             }),
      ListOf(node.slots, [](const SlotVariable& slot) {
        return py::make_tuple(slot.variable, NameToPython(slot.name),
                              slot.slot);
      }));
}

py::list Parse(const py::bytes& graph) {
  return ListOf(ParseObjectGraph(AsBytes(std::string_view(graph))).nodes,
                NodeToPython);
}

py::bytes Edit(
    const py::bytes& graph,
    std::map<std::string, std::optional<std::string>, std::less<>> keys,
    std::set<std::pair<std::size_t, std::size_t>> cut) {
  const ObjectGraphEdit edit{std::move(keys), std::move(cut)};
  return EditObjectGraph(AsBytes(std::string_view(graph)), edit);
}

}  // namespace

void RegisterObjects(py::module_& module) {
  module.def("parse_object_graph", Parse, py::arg("graph"));
  module.def("edit_object_graph", Edit, py::arg("graph"), py::arg("keys"),
             py::arg("cut"));
}

}  // namespace fastckpt::internal
