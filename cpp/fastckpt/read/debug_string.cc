#include "fastckpt/read/debug_string.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {
namespace {

// The name in types.proto, where three types are called otherwise.
std::string ProtoName(DType dtype) {
  if (dtype == DType::kFloat) return "DT_FLOAT";
  if (dtype == DType::kDouble) return "DT_DOUBLE";
  if (dtype == DType::kHalf) return "DT_HALF";
  std::string name = "DT_" + DTypeName(dtype);
  std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
    return 'a' <= letter && letter <= 'z' ? static_cast<char>(letter - 32)
                                          : letter;
  });
  return name;
}

std::string Line(std::string_view name, std::int32_t dtype, Dims dims) {
  return std::string(name) + " (" + ProtoName(static_cast<DType>(dtype)) +
         ") " + FormatShape(dims);
}

// In the order in which TensorFlow meets them: by file, then by name.
std::vector<const V1Tensor*> InOrderOfFiles(const V1Reader& reader) {
  std::vector<const V1Tensor*> tensors;
  for (const V1Tensor& tensor : reader.tensors()) tensors.push_back(&tensor);
  std::stable_sort(tensors.begin(), tensors.end(),
                   [](const V1Tensor* a, const V1Tensor* b) {
                     return a->slices.front().file < b->slices.front().file;
                   });
  return tensors;
}

}  // namespace

std::string DebugString(const BundleIndex& index) {
  std::string lines;
  for (std::size_t i = 0; i < index.entry_count(); ++i) {
    if (index.IsSliced(i)) continue;
    lines += Line(index.name(i), index.entry(i).dtype, index.dims(i)) + "\n";
  }
  return lines;
}

std::string DebugString(const V1Reader& reader) {
  std::unordered_map<std::string_view, const V1Tensor*> table;
  for (const V1Tensor* tensor : InOrderOfFiles(reader)) {
    table.emplace(tensor->name, tensor);
  }
  std::string lines;
  for (const auto& [name, tensor] : table) {
    lines += Line(name, tensor->dtype, tensor->shape.dims);
    const std::size_t count = tensor->slices.size();
    if (count > 1) lines += ", " + std::to_string(count) + " slices";
    lines += "\n";
  }
  return lines;
}

}  // namespace fastckpt::internal
