#include "dlpack.h"

#include <cstdint>
#include <cstring>

#include "fastckpt/base/error.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {
namespace {

namespace py = pybind11;

constexpr const char* kOldName = "dltensor";
constexpr const char* kName = "dltensor_versioned";
constexpr std::uint32_t kMajorVersion = 1;

struct DlDevice {
  std::int32_t type;
  std::int32_t id;
};

struct DlDataType {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
};

struct DlTensor {
  void* data;
  DlDevice device;
  std::int32_t ndim;
  DlDataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; null for C order
  std::uint64_t byte_offset;
};

// What follows the tensor in a DLManagedTensor is its owner's.
struct DlVersioned {
  struct {
    std::uint32_t major;
    std::uint32_t minor;
  } version;
  void* manager_context;
  void (*deleter)(DlVersioned*);
  std::uint64_t flags;
  DlTensor tensor;
};

// Elements below a byte take one each.
constexpr std::uint64_t kFlagPadded = std::uint64_t{1} << 2;

struct Row {
  std::uint8_t code;
  std::uint8_t bits;
  DType dtype;
};

// DLDataTypeCode: 0 int, 1 uint, 2 float, 4 bfloat, 5 complex, 6 bool, 7 and up
// one each for the small floats.
constexpr Row kRows[] = {
    {0, 8, DType::kInt8},          {0, 16, DType::kInt16},
    {0, 32, DType::kInt32},        {0, 64, DType::kInt64},
    {1, 8, DType::kUint8},         {1, 16, DType::kUint16},
    {1, 32, DType::kUint32},       {1, 64, DType::kUint64},
    {2, 16, DType::kHalf},         {2, 32, DType::kFloat},
    {2, 64, DType::kDouble},       {4, 16, DType::kBfloat16},
    {5, 64, DType::kComplex64},    {5, 128, DType::kComplex128},
    {6, 8, DType::kBool},          {9, 8, DType::kFloat8E4m3b11fnuz},
    {10, 8, DType::kFloat8E4m3fn}, {11, 8, DType::kFloat8E4m3fnuz},
    {12, 8, DType::kFloat8E5m2},   {13, 8, DType::kFloat8E5m2fnuz},
    {0, 4, DType::kInt4},          {1, 4, DType::kUint4},
    {0, 2, DType::kInt2},          {1, 2, DType::kUint2},
    {17, 4, DType::kFloat4E2m1fn},
};

DType DTypeOf(const DlDataType& type, bool is_padded) {
  for (const Row& row : kRows) {
    if (row.code != type.code || row.bits != type.bits) continue;
    if (type.lanes == 1 && (type.bits >= 8 || is_padded)) return row.dtype;
  }
  ThrowUnsupported("an array of DLPack type code " + std::to_string(type.code) +
                   ", " + std::to_string(type.bits) + " bits, " +
                   std::to_string(type.lanes) +
                   " lanes has no form in a checkpoint; convert it first");
}

// The CPU itself (1) and memory of its that a GPU knows too: CUDA pinned (3)
// and managed (13), ROCm pinned (11).
bool IsReadable(const DlDevice& device) {
  return device.type == 1 || device.type == 3 || device.type == 11 ||
         device.type == 13;
}

StridedArray ToArray(const DlTensor& tensor, DType dtype) {
  StridedArray array;
  array.item_size = ElementSize(dtype);
  array.data =
      static_cast<const std::uint8_t*>(tensor.data) + tensor.byte_offset;
  const auto rank = static_cast<std::size_t>(tensor.ndim);
  array.dims.assign(tensor.shape, tensor.shape + rank);
  array.strides = ContiguousStrides(array.dims, array.item_size);
  if (tensor.strides == nullptr) return array;
  for (std::size_t i = 0; i < rank; ++i) {
    array.strides[i] =
        tensor.strides[i] * static_cast<std::int64_t>(array.item_size);
  }
  return array;
}

}  // namespace

bool IsDlpackCapsule(const py::object& object) {
  return PyCapsule_IsValid(object.ptr(), kName) != 0 ||
         PyCapsule_IsValid(object.ptr(), kOldName) != 0;
}

StridedArray ArrayOfCapsule(const py::capsule& capsule, DType* dtype) {
  const DlTensor* tensor = nullptr;
  bool is_padded = false;
  if (PyCapsule_IsValid(capsule.ptr(), kName) != 0) {
    const auto* managed = static_cast<const DlVersioned*>(
        PyCapsule_GetPointer(capsule.ptr(), kName));
    if (managed->version.major != kMajorVersion) {
      ThrowInvalid("DLPack version " + std::to_string(managed->version.major) +
                   " is not known; hand the array over as a NumPy array");
    }
    tensor = &managed->tensor;
    is_padded = (managed->flags & kFlagPadded) != 0;
  } else {
    tensor = static_cast<const DlTensor*>(
        PyCapsule_GetPointer(capsule.ptr(), kOldName));
  }
  if (tensor == nullptr) throw py::error_already_set();
  if (!IsReadable(tensor->device)) {
    ThrowInvalid("the array lies on device type " +
                 std::to_string(tensor->device.type) +
                 "; move it to the CPU first");
  }
  *dtype = DTypeOf(tensor->dtype, is_padded);
  return ToArray(*tensor, *dtype);
}

}  // namespace fastckpt::internal
