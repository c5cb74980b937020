#include "fastckpt/read/bundle_source.h"

#include <algorithm>
#include <utility>

#include "fastckpt/read/debug_string.h"
#include "fastckpt/read/range_run.h"
#include "fastckpt/v2/shard_name.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt::internal {
namespace {

// All of an index that lies elsewhere at once, unless it is too large.
BundleIndex FetchIndex(const std::string& prefix,
                       const std::shared_ptr<const RangeFetcher>& fetcher,
                       std::uint64_t max_bytes) {
  const DataFile file(IndexName(prefix), fetcher);
  std::vector<RangeRequest> all;
  if (file.size() <= max_bytes) {
    all.push_back({file.remote()->number(), 0, file.size()});
  }
  const FetchedRanges fetched = FetchRanges(*fetcher, all, RunOptions{});
  const FetchedRanges::Scope scope(&fetched);
  return BundleIndex(file, max_bytes);
}

}  // namespace

BundleSource::BundleSource(const std::string& prefix, IoMode mode,
                           std::uint64_t max_index_bytes,
                           const FileIdentity* wanted)
    : BundleSource(OpenIndex(prefix, max_index_bytes, wanted), mode) {}

BundleSource::BundleSource(const std::string& prefix,
                           std::shared_ptr<const RangeFetcher> fetcher,
                           std::uint64_t max_index_bytes)
    : BundleSource({{prefix, {}}, FetchIndex(prefix, fetcher, max_index_bytes)},
                   IoMode::kRead) {
  fetcher_ = std::move(fetcher);
}

BundleSource::BundleSource(PlacedIndex opened, IoMode mode)
    : place_(std::move(opened.place)),
      mode_(mode),
      index_(std::move(opened.index)),
      parts_(index_),
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
      for (const BundlePart& part : parts_.Find(slot, nullptr)) {
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
    parts_.CheckPlace(slot);
    return;
  }
  static_cast<void>(parts_.Find(slot, nullptr));
}

void BundleSource::AppendPieces(std::size_t slot, const Region* region,
                                CheckRule /*rule*/, SeenFiles* seen,
                                std::vector<Piece>* pieces) const {
  CheckShape(slot);
  if (!index_.IsSliced(slot)) {
    pieces->push_back(StoredPiece(slot, seen));
    return;
  }
  for (BundlePart& part : parts_.Find(slot, region)) {
    Piece piece = StoredPiece(part.slot, seen);
    piece.box = std::move(part.box);
    pieces->push_back(std::move(piece));
  }
}

// The file that holds a slot's bytes, which are proved to be in it, and its
// stamp unless that is null.
const DataFile& BundleSource::OpenPlace(std::size_t slot, SeenFiles* seen,
                                        FileStamp* stamp) const {
  parts_.CheckPlace(slot);
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
  for (const BundlePart& part : parts_.Find(slot, nullptr)) {
    pieces->push_back(ReadStrings(part, rule, seen));
  }
}

StringPiece BundleSource::ReadStrings(const BundlePart& part, CheckRule rule,
                                      SeenFiles* seen) const {
  const Piece piece = StoredPiece(part.slot, seen);
  // What is fetched again is checked again: other bytes may come.
  const bool may_be_done =
      (rule == CheckRule::kOnce || rule == CheckRule::kFirst) &&
      piece.file->remote() == nullptr;
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
  std::vector<BundlePart> parts;
  if (index_.IsSliced(slot)) {
    parts = parts_.Find(slot, nullptr);
  } else {
    parts_.CheckPlace(slot);
    parts.push_back({slot, WholeBox(index_.dims(slot))});
  }
  std::vector<PiecePlace> places;
  for (BundlePart& part : parts) {
    const StoredEntry& entry = index_.entry(part.slot);
    places.push_back(
        {ShardPath(part.slot), static_cast<std::uint64_t>(entry.offset),
         static_cast<std::uint64_t>(entry.size), std::move(part.box)});
  }
  return places;
}

std::vector<RangeRequest> BundleSource::ReadRanges(std::size_t slot,
                                                   const Region*,
                                                   CheckRule) const {
  std::vector<RangeRequest> ranges;
  if (!fetcher_ || dtype(slot) != DType::kString) return ranges;
  try {
    SeenFiles seen;
    std::vector<BundlePart> parts{{slot, {}}};
    if (index_.IsSliced(slot)) parts = parts_.Find(slot, nullptr);
    for (const BundlePart& part : parts) {
      const Piece it = StoredPiece(part.slot, &seen);
      ranges.push_back({it.file->remote()->number(), it.offset, it.size});
    }
  } catch (const Error&) {
    ranges.clear();  // AppendStrings says why
  }
  return ranges;
}

BundleIndex BundleSource::ReadIndexAgain() const {
  if (fetcher_) return FetchIndex(place_.prefix, fetcher_, UINT64_MAX);
  return BundleIndex(FindIndexPath(), UINT64_MAX);
}

std::string BundleSource::FindIndexPath() const {
  if (fetcher_) return place_.IndexPath();
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
  if (fetcher_) return std::make_unique<DataFile>(ShardPath(slot), fetcher_);
  const ShardOfIndex wanted{place_.prefix, index_.identity(),
                            index_.entry(slot).shard,
                            index_.header().num_shards};
  return fastckpt::internal::OpenShard(wanted, mode);
}

void BundleSource::CheckIndexUnchanged() const {
  if (fetcher_) return;  // looked at beside each read
  if (FindPlace(place_.prefix, index_.identity())) return;
  throw LostIndex(place_.prefix);
}

std::string BundleSource::DebugString() const {
  return fastckpt::internal::DebugString(index_);
}

}  // namespace fastckpt::internal
