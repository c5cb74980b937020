#include "array_maker.h"

namespace py = pybind11;

namespace fastckpt::internal {

PyObject* ArrayMaker::MappingOwner(const std::shared_ptr<const void>& mapping) {
  if (PyObject* known = mappings_.Find(mapping.get())) return known;
  const auto size = source_.MappingSize(mapping.get());
  return size ? mappings_.Add(mapping, *size) : nullptr;
}

PyObject* ArrayMaker::OwnerOf(const ArrayBytes& bytes, OwnerCache* others) {
  if (PyObject* mapping = MappingOwner(bytes.owner)) return mapping;
  PyObject* known = others->Find(bytes.owner.get());
  return known ? known : others->Add(bytes.owner, bytes.mapped_bytes);
}

py::object ArrayMaker::MakeView(std::size_t slot, const ArrayBytes& bytes) {
  const TensorFacts facts = source_.Facts(slot);
  return py::reinterpret_steal<py::object>(MakeArray(
      bytes, facts.dtype, facts.dims, false, MappingOwner(bytes.owner)));
}

py::list ArrayMaker::MakeAll(const std::vector<std::size_t>& slots,
                             const std::vector<ArrayBytes>& arrays,
                             bool is_writable) {
  OwnerCache owners;
  py::list list(slots.size());
  PyObject* owner = nullptr;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const TensorFacts facts = source_.Facts(slots[i]);
    if (i == 0 || arrays[i].owner != arrays[i - 1].owner) {
      owner = OwnerOf(arrays[i], &owners);
    }
    PyList_SET_ITEM(
        list.ptr(), static_cast<Py_ssize_t>(i),
        MakeArray(arrays[i], facts.dtype, facts.dims, is_writable, owner));
  }
  return list;
}

py::object MakeCopy(const ArrayBytes& bytes, DType dtype, Dims dims) {
  OwnerCache owners;
  return py::reinterpret_steal<py::object>(
      MakeArray(bytes, dtype, dims, true, owners.Add(bytes.owner, 0)));
}

}  // namespace fastckpt::internal
