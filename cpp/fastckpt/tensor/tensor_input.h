// TensorInput: one tensor, or one slice of a partitioned tensor, to be written.
//
// The values stay the caller's and must stay where they are until the writer's
// method returns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/slice.h"
#include "fastckpt/tensor/strided_array.h"

namespace fastckpt::internal {

class FileReader;

// Elements of a string tensor in C order.
using StringValues = std::vector<std::string_view>;

// Values as another bundle stores them, with the checksum it stores: in memory,
// or `size` bytes at `offset` of a file, which are read while they are written.
struct StoredBytes {
  ByteView bytes;
  std::uint32_t crc32c = 0;
  const FileReader* file = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Where a slice lies in its tensor.
struct Placement {
  std::vector<std::int64_t> full_dims;
  SliceSpec spec;

  // True if the slice is the whole tensor, however that is spelled.
  bool IsWhole() const;
};

struct TensorInput {
  std::string name;
  DType dtype = DType::kInvalid;
  std::vector<std::int64_t> dims;  // of the values
  std::optional<Placement> placement;
  std::variant<StridedArray, StringValues, StoredBytes> values;
};

// The input of an array's values. Of their bytes only the bits are stored that
// the type has.
TensorInput ArrayInput(std::string name, DType dtype, StridedArray array);

// Where values of shape `part` lie in a tensor. `begin` has nothing where the
// slice is to be spelled as the whole dimension; one without elements can only
// be spelled so.
Placement PlacementAt(std::vector<std::int64_t> full_dims,
                      const std::vector<std::optional<std::int64_t>>& begin,
                      Dims part);

// Checks what a caller can get wrong: an empty name, a slice that does not fit
// its tensor (Invalid), a type that has no stored form (Unsupported). Throws
// errors that name the tensor.
void CheckInput(const TensorInput& input);

// Checks that slices added under one name are of one tensor, and that they have
// no element in common. Throws Invalid.
void CheckAlike(DType a, Dims full_a, DType b, Dims full_b);
void CheckDisjoint(Dims full, const std::vector<SliceSpec>& slices);

}  // namespace fastckpt::internal
