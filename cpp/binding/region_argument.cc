#include "region_argument.h"

#include <algorithm>
#include <span>
#include <string>

#include "index_list.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

using Items = std::span<PyObject* const>;

RegionDim TakeIndex(PyObject* item, std::int64_t dim, std::size_t axis) {
  if (item == Py_None) throw py::index_error("a region cannot hold None");
  if (PyBool_Check(item) || !PyIndex_Check(item)) {
    throw py::type_error(
        "a region is made of integers, slices, '...' and one list of integers, "
        "not " +
        std::string(Py_TYPE(item)->tp_name));
  }
  const std::int64_t index = PyNumber_AsSsize_t(item, PyExc_IndexError);
  if (index == -1 && PyErr_Occurred()) throw py::error_already_set();
  if (index < -dim || index >= dim) {
    throw py::index_error("index " + std::to_string(index) +
                          " is out of bounds for axis " + std::to_string(axis) +
                          " with size " + std::to_string(dim));
  }
  return {index < 0 ? index + dim : index, 1, 1};
}

RegionDim TakeSlice(PyObject* item, std::int64_t dim) {
  Py_ssize_t start = 0;
  Py_ssize_t stop = 0;
  Py_ssize_t step = 0;
  if (PySlice_Unpack(item, &start, &stop, &step) < 0) {
    throw py::error_already_set();
  }
  const Py_ssize_t count = PySlice_AdjustIndices(dim, &start, &stop, step);
  if (count == 0) return {0, 0, 1};
  // A step that is never taken may be any number.
  return {start, count, count > 1 ? step : 1};
}

// Where the ellipsis stands; behind the last item if there is none.
std::size_t FindEllipsis(Items items) {
  const auto is_dots = [](const PyObject* item) { return item == Py_Ellipsis; };
  const auto found = std::find_if(items.begin(), items.end(), is_dots);
  if (found != items.end() &&
      std::find_if(found + 1, items.end(), is_dots) != items.end()) {
    throw py::index_error("a region can have only one ellipsis ('...')");
  }
  return static_cast<std::size_t>(found - items.begin());
}

void TakeList(PyObject* item, std::int64_t dim, std::size_t axis,
              ParsedRegion* parsed) {
  if (parsed->list_axis) {
    throw py::type_error("a region can have only one list of indices");
  }
  parsed->list_axis = axis;
  parsed->ids = TakeIndexList(item, dim, axis);
  parsed->region[axis] = {0, static_cast<std::int64_t>(parsed->ids.size()), 1};
}

// Whether a slice or the ellipsis stands between two indices that are none.
bool AreApart(Items items) {
  const auto is_range = [](const PyObject* item) {
    return PySlice_Check(item) || item == Py_Ellipsis;
  };
  const auto first = std::find_if_not(items.begin(), items.end(), is_range);
  const auto range = std::find_if(first, items.end(), is_range);
  return std::find_if_not(range, items.end(), is_range) != items.end();
}

ParsedRegion ParseItems(Items items, Dims dims) {
  const std::size_t dots = FindEllipsis(items);
  const std::size_t count = items.size() - (dots < items.size() ? 1 : 0);
  if (count > dims.size()) {
    throw py::index_error(
        "too many indices: the tensor has " + std::to_string(dims.size()) +
        " dimensions, the region " + std::to_string(count) + " indices");
  }
  ParsedRegion parsed;
  parsed.region = WholeRegion(dims);
  parsed.keeps.assign(dims.size(), true);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i == dots) continue;
    // Items behind the ellipsis belong to the last dimensions.
    const std::size_t axis = i < dots ? i : dims.size() - (items.size() - i);
    if (const py::object list = AsIndexList(items[i])) {
      TakeList(list.ptr(), dims[axis], axis, &parsed);
      continue;
    }
    parsed.keeps[axis] = PySlice_Check(items[i]);
    parsed.region[axis] = parsed.keeps[axis]
                              ? TakeSlice(items[i], dims[axis])
                              : TakeIndex(items[i], dims[axis], axis);
  }
  parsed.is_list_first = parsed.list_axis && AreApart(items);
  return parsed;
}

}  // namespace

std::vector<std::int64_t> ParsedRegion::KeptShape() const {
  std::vector<std::int64_t> shape;
  if (is_list_first) shape.push_back(region[*list_axis].count);
  for (std::size_t i = 0; i < region.size(); ++i) {
    if (is_list_first && i == *list_axis) continue;
    if (keeps[i]) shape.push_back(region[i].count);
  }
  return shape;
}

std::vector<std::int64_t> ParsedRegion::Spread(
    const std::vector<std::int64_t>& strides) const {
  std::vector<std::int64_t> spread;
  std::size_t kept = is_list_first ? 1 : 0;
  for (std::size_t i = 0; i < keeps.size(); ++i) {
    const bool is_first = is_list_first && i == *list_axis;
    spread.push_back(is_first ? strides[0] : keeps[i] ? strides[kept++] : 0);
  }
  return spread;
}

Region HullOf(const ParsedRegion& parsed) {
  Region hull = parsed.region;
  if (!parsed.list_axis || parsed.ids.empty()) return hull;
  const auto [low, high] =
      std::minmax_element(parsed.ids.begin(), parsed.ids.end());
  hull[*parsed.list_axis] = {*low, *high - *low + 1, 1};
  return hull;
}

ParsedRegion ParseRegionArgument(py::handle argument, Dims dims) {
  if (argument.is_none()) return ParseItems({}, dims);
  PyObject* item = argument.ptr();
  if (!PyTuple_Check(item)) return ParseItems({&item, 1}, dims);
  const auto size = static_cast<std::size_t>(PyTuple_GET_SIZE(item));
  return ParseItems({PySequence_Fast_ITEMS(item), size}, dims);
}

}  // namespace fastckpt::internal
