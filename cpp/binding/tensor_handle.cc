#include "tensor_handle.h"

#include <array>
#include <cstddef>
#include <new>
#include <string>

#include "error_border.h"
#include "numpy_types.h"
#include "tensor_info.h"
#include "tensor_values.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

PyTypeObject* type = nullptr;

// Attributes.

py::object GetName(const TensorObject& tensor) {
  return NameToPython(SourceOf(tensor).Name(tensor.slot));
}

py::object GetShape(const TensorObject& tensor) {
  return DimsToPython(DimsOf(tensor));
}

py::object GetRank(const TensorObject& tensor) {
  return py::int_(DimsOf(tensor).size());
}

// Of any size: the dimensions of a damaged index may be.
py::object GetCount(const TensorObject& tensor) {
  py::object count = py::int_(1);
  for (const std::int64_t dim : DimsOf(tensor)) count = count * py::int_(dim);
  return count;
}

py::object GetInfo(const TensorObject& tensor) {
  PyObject* info = MakeTensorInfo(tensor.facts, tensor.slot);
  if (info == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(info);
}

py::object GetSize(const TensorObject& tensor) {
  return GetInfo(tensor).attr("nbytes");
}

struct Attribute {
  const char* name;
  py::object (*get)(const TensorObject&);
  const char* doc;
};

constexpr std::array<Attribute, 7> kAttributes = {{
    {"name", GetName, "The tensor's name: str, UTF-8 with surrogateescape."},
    {"shape", GetShape, "The shape: a tuple of int."},
    {"dtype", DTypeOf,
     "The numpy.dtype of the array; None where values have no form in NumPy."},
    {"ndim", GetRank, "How many dimensions it has."},
    {"size", GetCount, "How many elements it has."},
    {"nbytes", GetSize,
     "Bytes of the whole tensor (strings: as stored); None for V1 strings."},
    {"info", GetInfo, "What the index says about it: a TensorInfo."},
}};

PyObject* GetAttribute(PyObject* self, void* closure) {
  return Guarded([&] {
    const auto* attribute = static_cast<const Attribute*>(closure);
    return attribute->get(TensorIn(self)).release().ptr();
  });
}

PyGetSetDef* GetSets() {
  static std::array<PyGetSetDef, kAttributes.size() + 1> table{};
  for (std::size_t i = 0; i < kAttributes.size(); ++i) {
    const Attribute& attribute = kAttributes[i];
    table[i] = {attribute.name, GetAttribute, nullptr, attribute.doc,
                const_cast<Attribute*>(&attribute)};
  }
  return table.data();
}

// What it is for others.

PyObject* Repr(PyObject* self) {
  return Guarded([&] {
    const TensorObject& tensor = TensorIn(self);
    const DType dtype = SourceOf(tensor).TypeOf(tensor.slot);
    return py::str("<Tensor {!r}, {}, {}>")
        .format(GetName(tensor), DTypeNameToPython(dtype), GetShape(tensor))
        .release()
        .ptr();
  });
}

// Handles that are pickled together share their checkpoint.
PyObject* Reduce(PyObject* self, PyObject*) {
  return Guarded([&] {
    const TensorObject& tensor = TensorIn(self);
    const py::handle checkpoint(tensor.checkpoint);
    return py::make_tuple(checkpoint.attr("tensor"),
                          py::make_tuple(GetName(tensor)))
        .release()
        .ptr();
  });
}

// Which values it stands for: the same in every process, for the same files.
PyObject* Tokenize(PyObject* self, PyObject*) {
  return Guarded([&] {
    const TensorObject& tensor = TensorIn(self);
    const std::vector<std::string> paths = SourceOf(tensor).IdentityPaths();
    const std::vector<FileIdentity> files = SourceOf(tensor).Identities();
    py::list token;
    token.append("fastckpt.Tensor");
    token.append(GetName(tensor));
    for (std::size_t i = 0; i < files.size(); ++i) {
      token.append(py::make_tuple(PathToPython(paths[i]), files[i].inode,
                                  files[i].size, files[i].mtime));
    }
    return py::tuple(token).release().ptr();
  });
}

// Its life.

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(TensorIn(self).checkpoint);
  return 0;
}

void Dealloc(PyObject* self) {
  PyTypeObject* own_type = Py_TYPE(self);
  TensorObject& tensor = TensorIn(self);
  PyObject_GC_UnTrack(self);
  if (tensor.weak_references != nullptr) PyObject_ClearWeakRefs(self);
  tensor.facts.~shared_ptr();
  Py_XDECREF(tensor.checkpoint);
  own_type->tp_free(self);
  Py_DECREF(own_type);
}

PyMethodDef methods[] = {
    {"__array__",
     reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(ReadArray)),
     METH_VARARGS | METH_KEYWORDS, "What ckpt[name] gives, for NumPy."},
    {"__reduce__", Reduce, METH_NOARGS, nullptr},
    {"__dask_tokenize__", Tokenize, METH_NOARGS,
     "The identity of the file and the tensor, for Dask."},
    {nullptr, nullptr, 0, nullptr},
};

template <typename Function>
void* Slot(Function* function) {
  return reinterpret_cast<void*>(function);
}

constexpr const char* kDoc =
    "A tensor of an open checkpoint that is read when it is sliced.\n\n"
    "t[region] is ckpt.read(name, region), a COPY; np.asarray(t) is "
    "ckpt[name].";

}  // namespace

void RegisterTensor(py::module_& module) {
  PyType_Slot slots[] = {
      {Py_tp_dealloc, Slot(Dealloc)},
      {Py_tp_traverse, Slot(Traverse)},
      {Py_tp_repr, Slot(Repr)},
      {Py_tp_iter, Slot(IterateRows)},
      {Py_mp_length, Slot(CountRows)},
      {Py_mp_subscript, Slot(ReadRegion)},
      {Py_sq_length, Slot(CountRows)},
      {Py_sq_item, Slot(ReadRow)},
      {Py_tp_getset, GetSets()},
      {Py_tp_methods, methods},
      {Py_tp_doc, const_cast<char*>(kDoc)},
      {0, nullptr},
  };
  PyType_Spec spec = {"fastckpt._native.Tensor",
                      static_cast<int>(sizeof(TensorObject)), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
                          Py_TPFLAGS_DISALLOW_INSTANTIATION,
                      slots};
  PyObject* made = PyType_FromSpec(&spec);
  if (made == nullptr) throw py::error_already_set();
  type = reinterpret_cast<PyTypeObject*>(made);
  type->tp_weaklistoffset =
      static_cast<Py_ssize_t>(offsetof(TensorObject, weak_references));
  module.attr("Tensor") = py::reinterpret_borrow<py::object>(made);
}

PyObject* MakeTensor(PyObject* checkpoint,
                     const std::shared_ptr<const CheckpointReader>& facts,
                     std::size_t slot, std::size_t threads) {
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  TensorObject& tensor = TensorIn(self);
  new (&tensor.facts) std::shared_ptr<const CheckpointReader>(facts);
  tensor.slot = slot;
  tensor.threads = threads;
  tensor.checkpoint = Py_NewRef(checkpoint);
  return self;
}

}  // namespace fastckpt::internal
