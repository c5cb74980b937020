#include "tensor_info.h"

#include <array>
#include <new>

#include "error_border.h"
#include "numpy_types.h"
#include "text.h"

namespace py = pybind11;

namespace fastckpt::internal {
namespace {

// Attributes come from the checkpoint, or from `values` (a tuple in the order
// of kAttributes) for an info that was unpickled.
struct TensorInfoObject {
  PyObject_HEAD;
  std::shared_ptr<const CheckpointReader> checkpoint;
  std::size_t slot;
  PyObject* values;
};

using Getter = py::object (*)(const TensorInfoObject&);

const TensorSource& Source(const TensorInfoObject& info) {
  return info.checkpoint->source();
}

TensorFacts Facts(const TensorInfoObject& info) {
  return Source(info).Facts(info.slot);
}

py::object GetName(const TensorInfoObject& info) {
  return NameToPython(Source(info).Name(info.slot));
}

py::object GetDType(const TensorInfoObject& info) {
  return py::reinterpret_borrow<py::object>(
      DTypeToPython(Source(info).TypeOf(info.slot)));
}

py::object GetTfDType(const TensorInfoObject& info) {
  return DTypeNameToPython(Source(info).TypeOf(info.slot));
}

py::object GetShape(const TensorInfoObject& info) {
  return DimsToPython(Source(info).DimsOf(info.slot));
}

py::object GetSize(const TensorInfoObject& info) {
  const TensorFacts facts = Facts(info);
  return facts.has_size ? py::object(py::int_(facts.size)) : py::none();
}

py::object GetShard(const TensorInfoObject& info) {
  const TensorFacts facts = Facts(info);
  return facts.has_place ? py::object(py::int_(facts.shard)) : py::none();
}

py::object GetOffset(const TensorInfoObject& info) {
  const TensorFacts facts = Facts(info);
  return facts.has_place ? py::object(py::int_(facts.offset)) : py::none();
}

py::object GetCrc32c(const TensorInfoObject& info) {
  const TensorFacts facts = Facts(info);
  return facts.has_place ? py::object(py::int_(facts.crc32c)) : py::none();
}

// A slice that does not fit the shape is shown as the file spells it.
py::object GetSlices(const TensorInfoObject& info) {
  const TensorFacts facts = Facts(info);
  const auto specs = Source(info).Slices(info.slot);
  py::tuple slices(specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    Box box;
    try {
      box = ResolveSlice(specs[i], facts.dims);
    } catch (const Error&) {
      for (const Extent& extent : specs[i]) {
        box.begin.push_back(extent.start);
        box.extent.push_back(extent.length);
      }
    }
    slices[i] =
        py::make_tuple(DimsToPython(box.begin), DimsToPython(box.extent));
  }
  return slices;
}

py::object GetIsView(const TensorInfoObject& info) {
  return py::bool_(Source(info).IsView(info.slot));
}

py::object GetProblem(const TensorInfoObject& info) {
  try {
    Source(info).CheckMeaning(info.slot);
    return py::none();
  } catch (const Error& error) {
    return NameToPython(error.message());
  }
}

struct Attribute {
  const char* name;
  Getter get;
  const char* doc;
};

constexpr std::array<Attribute, 11> kAttributes = {{
    {"name", GetName, "The tensor's name: str, UTF-8 with surrogateescape."},
    {"dtype", GetDType,
     "The numpy.dtype of the array; None where values have no form in NumPy."},
    {"tf_dtype", GetTfDType, "TensorFlow's name of the dtype: 'float32'."},
    {"shape", GetShape, "The shape: a tuple of int."},
    {"nbytes", GetSize,
     "Bytes of the whole tensor (strings: as stored); None for V1 strings."},
    {"shard", GetShard,
     "The number of the data file; None for V1 and partitioned tensors."},
    {"offset", GetOffset,
     "The first byte in the data file; None for V1 and partitioned tensors."},
    {"crc32c", GetCrc32c,
     "The stored checksum, unmasked; None for V1 and partitioned tensors."},
    {"slices", GetSlices,
     "((begin, extent), ...) of a partitioned tensor; () for a plain one."},
    {"is_view", GetIsView, "Whether ckpt[name] is a view of the file."},
    {"problem", GetProblem,
     "What the index has wrong about the tensor, or None. Reading it raises."},
}};

TensorInfoObject& Cast(PyObject* self) {
  return *reinterpret_cast<TensorInfoObject*>(self);
}

PyObject* GetAttribute(PyObject* self, void* closure) {
  return Guarded([&] {
    const TensorInfoObject& info = Cast(self);
    const auto* attribute = static_cast<const Attribute*>(closure);
    if (info.values != nullptr) {
      PyObject* value =
          PyTuple_GET_ITEM(info.values, attribute - kAttributes.data());
      Py_INCREF(value);
      return value;
    }
    return attribute->get(info).release().ptr();
  });
}

py::tuple Values(const TensorInfoObject& info) {
  if (info.values != nullptr) {
    return py::reinterpret_borrow<py::tuple>(info.values);
  }
  py::tuple values(kAttributes.size());
  for (std::size_t i = 0; i < kAttributes.size(); ++i) {
    values[i] = kAttributes[i].get(info);
  }
  return values;
}

PyTypeObject* type = nullptr;

PyObject* New(PyTypeObject* subtype) {
  PyObject* self = subtype->tp_alloc(subtype, 0);
  if (self == nullptr) return nullptr;
  TensorInfoObject& info = Cast(self);
  new (&info.checkpoint) std::shared_ptr<const CheckpointReader>();
  info.slot = 0;
  info.values = nullptr;
  return self;
}

// TensorInfo(values): what unpickling calls.
PyObject* NewFromValues(PyTypeObject* subtype, PyObject* args, PyObject*) {
  PyObject* values = nullptr;
  if (!PyArg_ParseTuple(args, "O!:TensorInfo", &PyTuple_Type, &values)) {
    return nullptr;
  }
  if (PyTuple_GET_SIZE(values) != static_cast<Py_ssize_t>(kAttributes.size())) {
    PyErr_SetString(PyExc_TypeError, "TensorInfo takes a tuple of its values");
    return nullptr;
  }
  PyObject* self = New(subtype);
  if (self == nullptr) return nullptr;
  Py_INCREF(values);
  Cast(self).values = values;
  return self;
}

void Dealloc(PyObject* self) {
  PyTypeObject* own_type = Py_TYPE(self);
  TensorInfoObject& info = Cast(self);
  Py_XDECREF(info.values);
  info.checkpoint.~shared_ptr();
  own_type->tp_free(self);
  Py_DECREF(own_type);
}

PyObject* Reduce(PyObject* self, PyObject*) {
  return Guarded([&] {
    const py::tuple reduced =
        py::make_tuple(py::handle(reinterpret_cast<PyObject*>(Py_TYPE(self))),
                       py::make_tuple(Values(Cast(self))));
    return reduced.inc_ref().ptr();
  });
}

PyObject* Repr(PyObject* self) {
  return Guarded([&] {
    const py::tuple values = Values(Cast(self));
    std::string text = "TensorInfo(";
    for (std::size_t i = 0; i < kAttributes.size(); ++i) {
      if (values[i].is_none()) continue;
      if (i > 0) text += ", ";
      text += std::string(kAttributes[i].name) + "=" +
              py::repr(values[i]).cast<std::string>();
    }
    return py::str(text + ")").release().ptr();
  });
}

PyObject* Compare(PyObject* self, PyObject* other, int operation) {
  return Guarded([&]() -> PyObject* {
    if (!PyObject_TypeCheck(other, type) ||
        (operation != Py_EQ && operation != Py_NE)) {
      Py_RETURN_NOTIMPLEMENTED;
    }
    return PyObject_RichCompare(Values(Cast(self)).ptr(),
                                Values(Cast(other)).ptr(), operation);
  });
}

Py_hash_t Hash(PyObject* self) {
  try {
    return PyObject_Hash(Values(Cast(self)).ptr());
  } catch (...) {
    SetCurrentPythonError();
    return -1;
  }
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

PyMethodDef methods[] = {
    {"__reduce__", Reduce, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

template <typename Function>
void* Slot(Function* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

void RegisterTensorInfo(py::module_& module) {
  static const char* doc =
      "What the index says about one tensor. Read-only, picklable, hashable.";
  PyType_Slot slots[] = {
      {Py_tp_new, Slot(NewFromValues)},
      {Py_tp_dealloc, Slot(Dealloc)},
      {Py_tp_repr, Slot(Repr)},
      {Py_tp_richcompare, Slot(Compare)},
      {Py_tp_hash, Slot(Hash)},
      {Py_tp_getset, GetSets()},
      {Py_tp_methods, methods},
      {Py_tp_doc, const_cast<char*>(doc)},
      {0, nullptr},
  };
  PyType_Spec spec = {"fastckpt._native.TensorInfo",
                      static_cast<int>(sizeof(TensorInfoObject)), 0,
                      Py_TPFLAGS_DEFAULT, slots};
  PyObject* made = PyType_FromSpec(&spec);
  if (made == nullptr) throw py::error_already_set();
  type = reinterpret_cast<PyTypeObject*>(made);
  module.attr("TensorInfo") = py::reinterpret_borrow<py::object>(made);
}

PyObject* MakeTensorInfo(
    const std::shared_ptr<const CheckpointReader>& checkpoint,
    std::size_t slot) {
  PyObject* self = New(type);
  if (self == nullptr) return nullptr;
  Cast(self).checkpoint = checkpoint;
  Cast(self).slot = slot;
  return self;
}

}  // namespace fastckpt::internal
