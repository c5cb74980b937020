#include "fastckpt/v2/data_proof.h"

#include <algorithm>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/tensor/dtype.h"
#include "fastckpt/tensor/shape.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint64_t kPasses = 4;
constexpr std::uint64_t kFreeWork = std::uint64_t{64} << 20;
constexpr std::uint64_t kChunk = std::uint64_t{4} << 20;
constexpr std::size_t kMaxOpenFiles = 32;

bool IsEncoded(DType dtype) {
  return dtype == DType::kString || dtype == DType::kVariant;
}

DType TypeOf(const BundleEntry& entry) {
  return static_cast<DType>(entry.dtype);
}

std::uint64_t CountOf(const BundleEntry& entry) {
  return ElementCount(Dims(entry.shape.dims));
}

}  // namespace

bool HasMeaning(const BundleEntry& entry) {
  try {
    const DType dtype = TypeOf(entry);
    if (dtype != DType::kVariant) CheckReadable(dtype);
    if (entry.shape.unknown_rank || entry.shape.rank > kMaxRank ||
        entry.shard_id < 0 || entry.offset < 0 || entry.size < 0) {
      return false;
    }
    if (!entry.slices.empty() || IsEncoded(dtype)) {
      return CountOf(entry) <= INT64_MAX;
    }
    return ByteCount(Dims(entry.shape.dims), dtype) ==
           static_cast<std::uint64_t>(entry.size);
  } catch (const Error&) {
    return false;
  }
}

DataProof::DataProof(std::vector<std::string> paths,
                     const Interrupt& interrupted)
    : paths_(std::move(paths)), interrupted_(interrupted), work_(kFreeWork) {
  for (const std::string& path : paths_) {
    try {
      if (!path.empty()) work_ += StatFile(path).size * kPasses;
    } catch (const Error&) {
    }
  }
}

bool DataProof::Agrees(const BundleEntry& entry) {
  if (!HasMeaning(entry) || entry.shard_id >= shard_count()) return false;
  const Place place{entry.shard_id, entry.offset, entry.size,
                    entry.masked_crc32c, IsEncoded(TypeOf(entry))};
  // Of strings the count matters, too.
  const bool is_kept = !IsEncoded(TypeOf(entry));
  const auto known = known_.find(place);
  if (is_kept && known != known_.end()) return known->second;
  const DataFile* file = FileOf(entry.shard_id);
  const bool agrees = file != nullptr && Check(entry, *file);
  if (is_kept) known_[place] = agrees;
  return agrees;
}

const DataFile* DataProof::FileOf(std::int32_t shard) {
  const auto found = files_.find(shard);
  if (found != files_.end()) return found->second.get();
  if (files_.size() >= kMaxOpenFiles) files_.clear();
  std::unique_ptr<DataFile>& file = files_[shard];
  const std::string& path = paths_[static_cast<std::size_t>(shard)];
  try {
    if (!path.empty()) file = std::make_unique<DataFile>(path, IoMode::kRead);
  } catch (const Error&) {
  }
  return file.get();
}

bool DataProof::Check(const BundleEntry& entry, const DataFile& file) {
  const auto offset = static_cast<std::uint64_t>(entry.offset);
  const auto size = static_cast<std::uint64_t>(entry.size);
  if (!FitsWithin(offset, size, file.size()) || size > work_) return false;
  work_ -= size;
  const std::uint32_t crc = UnmaskCrc32c(entry.masked_crc32c);
  try {
    if (!IsEncoded(TypeOf(entry))) {
      return ChecksumOf(file, offset, size) == crc;
    }
    Scratch scratch;
    const ByteView stored =
        file.Read(offset, static_cast<std::size_t>(size), &scratch);
    if (TypeOf(entry) == DType::kVariant) {
      CheckVariants(stored, CountOf(entry), crc);
    } else {
      ParseStrings(stored, CountOf(entry), crc, /*big_endian=*/false,
                   /*check=*/true);
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::uint32_t DataProof::ChecksumOf(const DataFile& file, std::uint64_t offset,
                                    std::uint64_t size) const {
  std::uint32_t crc = 0;
  Scratch scratch;
  for (std::uint64_t done = 0; done < size;) {
    if (interrupted_ && interrupted_()) throw Interrupted{};
    const std::uint64_t part = std::min(size - done, kChunk);
    const ByteView bytes =
        file.Read(offset + done, static_cast<std::size_t>(part), &scratch);
    crc = ExtendCrc32c(crc, bytes.data(), bytes.size());
    done += part;
  }
  return crc;
}

}  // namespace fastckpt::internal
