// Tensors to be written, made from vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/tensor/tensor_input.h"

namespace fastckpt::internal {

// "w12" for "w" and 12.
inline std::string Numbered(std::string name, std::size_t number) {
  return name += std::to_string(number);
}

// A tensor whose values stay in `values`, dense and in C order.
template <typename Value>
TensorInput MakeInput(std::string name, DType dtype,
                      std::vector<std::int64_t> dims,
                      const std::vector<Value>& values) {
  StridedArray array;
  array.data = reinterpret_cast<const std::uint8_t*>(values.data());
  array.dims = dims;
  array.item_size = sizeof(Value);
  array.strides = ContiguousStrides(dims, sizeof(Value));
  TensorInput input;
  input.name = std::move(name);
  input.dtype = dtype;
  input.dims = std::move(dims);
  input.values = std::move(array);
  return input;
}

inline TensorInput MakeStrings(std::string name, StringValues values) {
  TensorInput input;
  input.name = std::move(name);
  input.dtype = DType::kString;
  input.dims = {static_cast<std::int64_t>(values.size())};
  input.values = std::move(values);
  return input;
}

inline TensorInput AsSlice(TensorInput input, std::vector<std::int64_t> full,
                           SliceSpec spec) {
  input.placement = Placement{std::move(full), std::move(spec)};
  return input;
}

}  // namespace fastckpt::internal
