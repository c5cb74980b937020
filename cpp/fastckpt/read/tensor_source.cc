#include "fastckpt/read/tensor_source.h"

#include <algorithm>

namespace fastckpt::internal {

SeenFiles::Seen* SeenFiles::Find(const DataFile& file) {
  for (Seen& seen : seen_) {
    if (seen.file == &file) return &seen;
  }
  return nullptr;
}

void SeenFiles::CheckSize(const DataFile& file) {
  if (Find(file)) return;
  file.file().CheckSize();
  seen_.push_back({&file, {}});
}

FileStamp SeenFiles::CheckStamp(const DataFile& file) {
  Seen* seen = Find(file);
  if (seen && seen->stamp) return *seen->stamp;
  const FileStamp stamp = file.file().CheckStamp();
  if (!seen) seen = &seen_.emplace_back(Seen{&file, {}});
  seen->stamp = stamp;
  return stamp;
}

std::optional<std::uint64_t> TensorSource::MappingSize(
    const void* mapping) const {
  for (const DataFile* file : OpenFiles()) {
    if (file->mapping() && file->mapping().get() == mapping) {
      return file->size();
    }
  }
  return std::nullopt;
}

std::uint64_t TensorSource::OwnMappedBytes() const {
  std::uint64_t bytes = 0;
  for (const DataFile* file : OpenFiles()) {
    if (file->mapping().use_count() == 1) bytes += file->size();
  }
  return bytes;
}

void CheckArray(DType dtype, std::size_t rank, bool unknown_rank, Dims dims) {
  CheckReadable(dtype);
  if (unknown_rank) ThrowCorruption("the tensor has no known rank");
  CheckRank(rank);
  // Strings have no size of their own, but their count must fit as well.
  static_cast<void>(ElementCount(dims));
  static_cast<void>(ByteCount(dims, dtype));
}

Box WholeBox(Dims dims) {
  return {std::vector<std::int64_t>(dims.size(), 0),
          std::vector<std::int64_t>(dims.begin(), dims.end())};
}

std::vector<Box> ResolveSlices(
    const std::vector<SliceSpec>& specs, Dims dims,
    const std::function<std::string(std::size_t)>& where) {
  std::vector<Box> boxes;
  boxes.reserve(specs.size());
  for (const SliceSpec& spec : specs) boxes.push_back(ResolveSlice(spec, dims));
  if (ElementCount(dims) == 0) return boxes;
  if (const auto pair = FindOverlap(boxes)) {
    const auto name = [&](std::size_t i) {
      return FormatSlice(specs[i]) + (where ? " in " + Quote(where(i)) : "");
    };
    ThrowCorruption("slices " + name(pair->first) + " and " +
                    name(pair->second) + " overlap");
  }
  return boxes;
}

std::uint64_t CountInside(const Box& box, const Region& region) {
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < region.size(); ++i) {
    count *= static_cast<std::uint64_t>(
        IndicesInside(region[i], box.begin[i], box.extent[i]).count);
  }
  return count;
}

void CheckCovered(const std::vector<Box>& boxes, const Region& region) {
  std::uint64_t covered = 0;
  for (const Box& box : boxes) covered += CountInside(box, region);
  const std::uint64_t wanted = RegionCount(region);
  if (covered != wanted) {
    ThrowCorruption("the stored slices hold " + std::to_string(covered) +
                    " of the " + std::to_string(wanted) +
                    " elements asked for; a part of the tensor is missing");
  }
}

}  // namespace fastckpt::internal
