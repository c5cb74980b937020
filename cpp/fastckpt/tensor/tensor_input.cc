#include "fastckpt/tensor/tensor_input.h"

#include <algorithm>
#include <utility>

#include "fastckpt/base/bytes.h"
#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

void CheckFullShape(Dims full) {
  std::uint64_t count = 1;
  for (const std::int64_t dim : full) {
    // A zero among the dimensions does not excuse the others.
    const auto factor = static_cast<std::uint64_t>(dim > 0 ? dim : 1);
    if (dim < 0 || !CheckedMultiply(count, factor, &count) ||
        count > INT64_MAX) {
      ThrowInvalid("the full shape " + FormatShape(full) +
                   " is negative or has more than 2^63-1 elements");
    }
  }
}

bool Fits(const Extent& extent, std::int64_t part, std::int64_t full) {
  if (extent.IsWhole()) return extent.start == 0 && part == full;
  return extent.length == part && part > 0 && extent.start >= 0 &&
         part <= full && extent.start <= full - part;
}

void CheckPlacement(const Placement& placement, Dims part) {
  const std::vector<std::int64_t>& full = placement.full_dims;
  CheckFullShape(full);
  bool fits =
      placement.spec.size() == full.size() && part.size() == full.size();
  for (std::size_t i = 0; fits && i < full.size(); ++i) {
    fits = Fits(placement.spec[i], part[i], full[i]);
  }
  if (fits) return;
  ThrowInvalid("a part of shape " + FormatShape(part) + " as slice " +
               FormatSlice(placement.spec) +
               " does not fit a tensor of shape " + FormatShape(full));
}

// A variant's message is TensorFlow's own; it can be passed on, not made.
bool HasStoredForm(const TensorInput& input) {
  if (ElementSize(input.dtype) > 0 || input.dtype == DType::kString) {
    return true;
  }
  return input.dtype == DType::kVariant &&
         std::holds_alternative<StoredBytes>(input.values);
}

}  // namespace

bool Placement::IsWhole() const {
  for (std::size_t i = 0; i < spec.size(); ++i) {
    if (!spec[i].IsWhole() && spec[i].length != full_dims[i]) return false;
  }
  return true;
}

TensorInput ArrayInput(std::string name, DType dtype, StridedArray array) {
  TensorInput input;
  input.name = std::move(name);
  input.dtype = dtype;
  input.dims = array.dims;
  array.byte_mask = StoredBits(dtype);
  input.values = std::move(array);
  return input;
}

// Whether it fits is CheckInput's question.
Placement PlacementAt(std::vector<std::int64_t> full_dims,
                      const std::vector<std::optional<std::int64_t>>& begin,
                      Dims part) {
  Placement placement{std::move(full_dims), {}};
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const std::int64_t length = i < part.size() ? part[i] : 0;
    const bool is_whole = !begin[i] || (i < part.size() && length == 0);
    placement.spec.push_back(is_whole ? Extent{} : Extent{*begin[i], length});
  }
  return placement;
}

void CheckInput(const TensorInput& input) {
  if (input.name.empty()) {
    ThrowInvalid("a tensor needs a name: the empty one belongs to the header");
  }
  WithContext(Where{{}, {}, input.name}, [&] {
    if (!HasStoredForm(input)) {
      ThrowUnsupported("values of dtype " + DTypeName(input.dtype) +
                       " cannot be stored; leave the tensor out");
    }
    const auto* array = std::get_if<StridedArray>(&input.values);
    if (array != nullptr && array->item_size != ElementSize(input.dtype)) {
      ThrowInvalid("values of " + std::to_string(array->item_size) +
                   " bytes each are none of dtype " + DTypeName(input.dtype));
    }
    if (input.placement) CheckPlacement(*input.placement, input.dims);
  });
}

void CheckAlike(DType a, Dims full_a, DType b, Dims full_b) {
  if (a != b) {
    ThrowInvalid("one slice is of dtype " + DTypeName(a) + ", another of " +
                 DTypeName(b));
  }
  if (!std::ranges::equal(full_a, full_b)) {
    ThrowInvalid("one slice is of a tensor of shape " + FormatShape(full_a) +
                 ", another of " + FormatShape(full_b));
  }
}

void CheckDisjoint(Dims full, const std::vector<SliceSpec>& slices) {
  std::vector<Box> boxes;
  for (const SliceSpec& spec : slices) {
    boxes.push_back(ResolveSlice(spec, full));
  }
  const auto pair = FindOverlap(boxes);
  if (!pair) return;
  ThrowInvalid("slices " + FormatSlice(slices[pair->first]) + " and " +
               FormatSlice(slices[pair->second]) + " overlap");
}

}  // namespace fastckpt::internal
