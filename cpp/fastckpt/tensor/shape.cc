#include "fastckpt/tensor/shape.h"

#include <algorithm>

#include "fastckpt/base/bytes.h"
#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint64_t kMaxCount = INT64_MAX;

bool HasZero(Dims dims) {
  return std::find(dims.begin(), dims.end(), 0) != dims.end();
}

// The product of the dimensions that are not 0: NumPy, too, wants it to fit.
std::uint64_t NonZeroProduct(Dims dims) {
  std::uint64_t count = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0) {
      ThrowCorruption("shape " + FormatShape(dims) +
                      " has a negative dimension");
    }
    if (dim == 0) continue;
    if (!CheckedMultiply(count, static_cast<std::uint64_t>(dim), &count) ||
        count > kMaxCount) {
      ThrowCorruption("shape " + FormatShape(dims) +
                      " has more than 2^63-1 elements");
    }
  }
  return count;
}

}  // namespace

std::uint64_t ElementCount(Dims dims) {
  const std::uint64_t product = NonZeroProduct(dims);
  return HasZero(dims) ? 0 : product;
}

std::uint64_t ByteCount(Dims dims, DType dtype) {
  std::uint64_t bytes = 0;
  if (!CheckedMultiply(NonZeroProduct(dims), ElementSize(dtype), &bytes) ||
      bytes > kMaxCount) {
    ThrowCorruption("shape " + FormatShape(dims) + " of " + DTypeName(dtype) +
                    " has more than 2^63-1 bytes");
  }
  return HasZero(dims) ? 0 : bytes;
}

void CheckRank(std::size_t rank) {
  if (rank > kMaxRank) {
    ThrowCorruption("the shape has more than 254 dimensions");
  }
  if (rank > kMaxNumpyRank) {
    ThrowUnsupported("the shape has " + std::to_string(rank) +
                     " dimensions; NumPy ends at 64");
  }
}

std::vector<std::int64_t> ContiguousStrides(Dims dims, std::size_t item_size) {
  std::vector<std::int64_t> strides(dims.size());
  auto stride = static_cast<std::int64_t>(item_size);
  for (std::size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    if (dims[i] > 0) stride *= dims[i];
  }
  return strides;
}

std::string FormatShape(Dims dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(dims[i]);
  }
  return text + "]";
}

}  // namespace fastckpt::internal
