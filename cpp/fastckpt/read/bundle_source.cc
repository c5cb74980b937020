#include "fastckpt/read/bundle_source.h"

#include <algorithm>
#include <utility>

#include "fastckpt/read/debug_string.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt::internal {

BundleSource::BundleSource(const std::string& prefix, IoMode mode,
                           std::uint64_t max_index_bytes,
                           const FileIdentity* wanted)
    : BundleSource(OpenIndex(prefix, max_index_bytes, wanted), mode) {}

BundleSource::BundleSource(PlacedIndex opened, IoMode mode)
    : place_(std::move(opened.place)),
      mode_(mode),
      index_(std::move(opened.index)),
      files_(index_),
      states_(index_.entry_count()) {}

std::optional<std::size_t> BundleSource::Find(std::string_view name) const {
  const auto slot = index_.Find(name);
  return slot && IsTensor(*slot) ? slot : std::nullopt;
}

TensorFacts BundleSource::Facts(std::size_t slot) const {
  const StoredEntry& entry = index_.entry(slot);
  TensorFacts facts;
  facts.name = index_.name(slot);
  facts.dtype = dtype(slot);
  facts.dims = index_.dims(slot);
  facts.has_size = true;
  facts.size = entry.size > 0 ? static_cast<std::uint64_t>(entry.size) : 0;
  if (!index_.IsSliced(slot)) {
    facts.has_place = true;
    facts.shard = entry.shard;
    facts.offset = entry.offset;
    facts.crc32c = entry.crc32c;
    return facts;
  }
  try {
    facts.size = ByteCount(facts.dims, facts.dtype);
    if (facts.dtype == DType::kString) {
      for (const Part& part : PartsOf(slot, nullptr)) {
        facts.size += static_cast<std::uint64_t>(index_.entry(part.slot).size);
      }
    }
  } catch (const Error&) {
    facts.has_size = false;  // CheckMeaning says why
  }
  return facts;
}

std::vector<SliceSpec> BundleSource::Slices(std::size_t slot) const {
  if (!index_.IsSliced(slot)) return {};
  return index_.slices(slot);
}

bool BundleSource::IsView(std::size_t slot) const {
  const Layout layout = LayoutOf(slot);
  return mode_ == IoMode::kMap && !index_.IsSliced(slot) &&
         ElementSize(dtype(slot)) > 0 && layout.swap_unit == 1;
}

Layout BundleSource::LayoutOf(std::size_t slot) const {
  const DType type = dtype(slot);
  return {std::max<std::size_t>(ElementSize(type), 1),
          big_endian() ? std::max<std::size_t>(SwapUnit(type), 1) : 1};
}

void BundleSource::CheckShape(std::size_t slot) const {
  const StoredEntry& entry = index_.entry(slot);
  CheckArray(dtype(slot), entry.rank, entry.unknown_rank, index_.dims(slot));
}

void BundleSource::CheckMeaning(std::size_t slot) const {
  CheckShape(slot);
  if (!index_.IsSliced(slot)) {
    CheckPlace(slot);
    return;
  }
  static_cast<void>(PartsOf(slot, nullptr));
}

// The size must be the shape's, the place must be one; whether the shard is
// long enough shows when it is opened.
void BundleSource::CheckPlace(std::size_t slot) const {
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
  if (ElementSize(dtype(slot)) == 0) return;
  const std::uint64_t expected = ByteCount(index_.dims(slot), dtype(slot));
  if (static_cast<std::uint64_t>(entry.size) != expected) {
    ThrowCorruption("the entry's size is " + std::to_string(entry.size) +
                    " bytes, its shape " + FormatShape(index_.dims(slot)) +
                    " of " + DTypeName(dtype(slot)) + " takes " +
                    std::to_string(expected));
  }
}

// The stored entries that a region needs, each with its place in the tensor.
std::vector<BundleSource::Part> BundleSource::PartsOf(
    std::size_t slot, const Region* region) const {
  const Dims dims = index_.dims(slot);
  const std::vector<SliceSpec> specs = index_.slices(slot);
  const std::vector<Box> boxes = ResolveSlices(specs, dims);
  CheckCovered(boxes, region ? *region : WholeRegion(dims));
  std::vector<Part> parts;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (region && CountInside(boxes[i], *region) == 0) continue;
    parts.push_back({FindPart(slot, specs[i], boxes[i]), boxes[i]});
  }
  return parts;
}

std::size_t BundleSource::FindPart(std::size_t slot, const SliceSpec& spec,
                                   const Box& box) const {
  const auto part = index_.Find(SliceKey(index_.name(slot), spec));
  const auto what = [&] { return "slice " + FormatSlice(spec); };
  if (!part) ThrowCorruption(what() + " is listed, but not stored");
  if (index_.IsSliced(*part)) ThrowCorruption(what() + " is sliced itself");
  if (index_.entry(*part).dtype != index_.entry(slot).dtype) {
    ThrowCorruption(what() + " is stored as " + DTypeName(dtype(*part)) +
                    ", the tensor is " + DTypeName(dtype(slot)));
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

void BundleSource::AppendPieces(std::size_t slot, const Region* region,
                                bool /*check*/, SeenFiles* seen,
                                std::vector<Piece>* pieces) const {
  CheckShape(slot);
  if (!index_.IsSliced(slot)) {
    pieces->push_back(StoredPiece(slot, seen));
    return;
  }
  for (Part& part : PartsOf(slot, region)) {
    Piece piece = StoredPiece(part.slot, seen);
    piece.box = std::move(part.box);
    pieces->push_back(std::move(piece));
  }
}

// The file that holds a slot's bytes, which are proved to be in it, and its
// stamp unless that is null.
const DataFile& BundleSource::OpenPlace(std::size_t slot, SeenFiles* seen,
                                        FileStamp* stamp) const {
  CheckPlace(slot);
  const StoredEntry& entry = index_.entry(slot);
  const DataFile& file =
      files_.Get(entry.shard, [&] { return OpenShard(slot, mode_); });
  if (stamp) {
    *stamp = seen->CheckStamp(file);
  } else {
    seen->CheckSize(file);
  }
  file.CheckRange(static_cast<std::uint64_t>(entry.offset),
                  static_cast<std::uint64_t>(entry.size));
  return file;
}

std::optional<MappedView> BundleSource::ReadyView(std::size_t slot, bool check,
                                                  SeenFiles* seen) const {
  if (!IsView(slot) || (check && !states_[slot].MayBeDone())) {
    return std::nullopt;
  }
  CheckShape(slot);
  FileStamp stamp = 0;
  const DataFile& file = OpenPlace(slot, seen, check ? &stamp : nullptr);
  if (check && !states_[slot].IsDone(stamp)) return std::nullopt;
  const StoredEntry& entry = index_.entry(slot);
  return MappedView{&file, file.mapping()->bytes().subspan(
                               static_cast<std::size_t>(entry.offset),
                               static_cast<std::size_t>(entry.size))};
}

Piece BundleSource::StoredPiece(std::size_t slot, SeenFiles* seen) const {
  Piece piece;
  const DataFile& file = OpenPlace(slot, seen, &piece.stamp);
  const StoredEntry& entry = index_.entry(slot);
  piece.offset = static_cast<std::uint64_t>(entry.offset);
  piece.size = static_cast<std::uint64_t>(entry.size);
  piece.crc32c = entry.crc32c;
  piece.state = &states_[slot];
  piece.file = &file;
  return piece;
}

void BundleSource::AppendStrings(std::size_t slot, CheckRule rule,
                                 SeenFiles* seen,
                                 std::vector<StringPiece>* pieces) const {
  CheckShape(slot);
  if (!index_.IsSliced(slot)) {
    pieces->push_back(
        ReadStrings({slot, WholeBox(index_.dims(slot))}, rule, seen));
    return;
  }
  for (const Part& part : PartsOf(slot, nullptr)) {
    pieces->push_back(ReadStrings(part, rule, seen));
  }
}

StringPiece BundleSource::ReadStrings(const Part& part, CheckRule rule,
                                      SeenFiles* seen) const {
  const Piece piece = StoredPiece(part.slot, seen);
  const bool may_be_done =
      rule == CheckRule::kOnce || rule == CheckRule::kFirst;
  const bool check = rule != CheckRule::kNever &&
                     !(may_be_done && piece.state->IsDone(piece.stamp));
  return WithContext(Where{piece.file->path(), piece.offset, {}}, [&] {
    auto scratch = std::make_shared<Scratch>();
    const ByteView stored = piece.file->Fetch(
        piece.offset, static_cast<std::size_t>(piece.size), scratch.get());
    const auto parse = [&] {
      return ParseStrings(stored, ElementCount(part.box.extent), piece.crc32c,
                          big_endian(), check);
    };
    StringElements elements =
        check ? piece.state->Note(piece.stamp, parse) : parse();
    std::shared_ptr<const void> owner = scratch;
    if (piece.file->mapping()) owner = piece.file->mapping();
    return StringPiece{part.box, std::move(elements.sizes), elements.bytes,
                       std::move(owner)};
  });
}

std::vector<PiecePlace> BundleSource::Places(std::size_t slot) const {
  CheckShape(slot);
  if (dtype(slot) == DType::kString) {
    ThrowUnsupported("the stored bytes of a string tensor are not an array's");
  }
  std::vector<Part> parts;
  if (index_.IsSliced(slot)) {
    parts = PartsOf(slot, nullptr);
  } else {
    CheckPlace(slot);
    parts.push_back({slot, WholeBox(index_.dims(slot))});
  }
  std::vector<PiecePlace> places;
  for (Part& part : parts) {
    const StoredEntry& entry = index_.entry(part.slot);
    places.push_back(
        {ShardPath(part.slot), static_cast<std::uint64_t>(entry.offset),
         static_cast<std::uint64_t>(entry.size), std::move(part.box)});
  }
  return places;
}

std::string BundleSource::FindIndexPath() const {
  const auto now = FindPlace(place_.prefix, index_.identity());
  return now ? now->IndexPath() : place_.IndexPath();
}

std::vector<std::string> BundleSource::DataPaths() const {
  std::vector<std::string> paths;
  const std::int32_t count = index_.header().num_shards;
  for (const std::int32_t shard : files_.shards()) {
    if (shard < 0 || shard >= count) continue;
    paths.push_back(place_.ShardPath(shard, count));
  }
  return paths;
}

std::string BundleSource::ShardPath(std::size_t slot) const {
  return place_.ShardPath(index_.entry(slot).shard, index_.header().num_shards);
}

std::unique_ptr<DataFile> BundleSource::OpenShard(std::size_t slot,
                                                  IoMode mode) const {
  const ShardOfIndex wanted{place_.prefix, index_.identity(),
                            index_.entry(slot).shard,
                            index_.header().num_shards};
  return fastckpt::internal::OpenShard(wanted, mode);
}

void BundleSource::CheckIndexUnchanged() const {
  if (FindPlace(place_.prefix, index_.identity())) return;
  throw LostIndex(place_.prefix);
}

std::string BundleSource::DebugString() const {
  return fastckpt::internal::DebugString(index_);
}

}  // namespace fastckpt::internal
