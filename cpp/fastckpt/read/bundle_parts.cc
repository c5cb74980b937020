#include "fastckpt/read/bundle_parts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/read/tensor_source.h"
#include "fastckpt/tensor/dtype.h"

namespace fastckpt::internal {
namespace {

DType TypeOf(const BundleIndex& index, std::size_t slot) {
  return static_cast<DType>(index.entry(slot).dtype);
}

}  // namespace

// The size must be the shape's, the place must be one; whether the shard is
// long enough shows when it is opened.
void BundleParts::CheckPlace(std::size_t slot) const {
  const StoredEntry& entry = index_.entry(slot);
  const auto shard_count = index_.header().num_shards;
  if (entry.shard < 0 || entry.shard >= shard_count) {
    ThrowCorruption("shard " + std::to_string(entry.shard) + " of " +
                    std::to_string(shard_count) + " does not exist");
  }
  if (entry.offset < 0 || entry.size < 0 ||
      entry.size > INT64_MAX - entry.offset) {
    ThrowCorruption("offset " + std::to_string(entry.offset) + ", size " +
                    std::to_string(entry.size) + " is no place in a file");
  }
  if (ElementSize(TypeOf(index_, slot)) == 0) return;
  const std::uint64_t expected =
      ByteCount(index_.dims(slot), TypeOf(index_, slot));
  if (static_cast<std::uint64_t>(entry.size) != expected) {
    ThrowCorruption("the entry's size is " + std::to_string(entry.size) +
                    " bytes, its shape " + FormatShape(index_.dims(slot)) +
                    " of " + DTypeName(TypeOf(index_, slot)) + " takes " +
                    std::to_string(expected));
  }
}

// The stored entries that a region needs, each with its place in the tensor.
std::vector<BundlePart> BundleParts::Find(std::size_t slot,
                                          const Region* region) const {
  const Dims dims = index_.dims(slot);
  const std::vector<SliceSpec> specs = index_.slices(slot);
  const std::vector<Box> boxes = ResolveSlices(specs, dims);
  CheckCovered(boxes, region ? *region : WholeRegion(dims));
  std::vector<BundlePart> parts;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (region && CountInside(boxes[i], *region) == 0) continue;
    parts.push_back({FindPart(slot, specs[i], boxes[i]), boxes[i]});
  }
  return parts;
}

std::size_t BundleParts::FindPart(std::size_t slot, const SliceSpec& spec,
                                  const Box& box) const {
  const auto part = index_.Find(SliceKey(index_.name(slot), spec));
  const auto what = [&] { return "slice " + FormatSlice(spec); };
  if (!part) ThrowCorruption(what() + " is listed, but not stored");
  if (index_.IsSliced(*part)) ThrowCorruption(what() + " is sliced itself");
  if (index_.entry(*part).dtype != index_.entry(slot).dtype) {
    ThrowCorruption(what() + " is stored as " +
                    DTypeName(TypeOf(index_, *part)) + ", the tensor is " +
                    DTypeName(TypeOf(index_, slot)));
  }
  const Dims stored = index_.dims(*part);
  if (!std::equal(stored.begin(), stored.end(), box.extent.begin(),
                  box.extent.end()) ||
      index_.entry(*part).rank != box.extent.size()) {
    ThrowCorruption(what() + " is stored with shape " + FormatShape(stored));
  }
  CheckPlace(*part);
  return *part;
}

}  // namespace fastckpt::internal
