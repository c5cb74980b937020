#include "fastckpt/read/checkpoint_reader.h"

#include <algorithm>
#include <utility>

#include "fastckpt/platform/memory.h"
#include "fastckpt/read/private_views.h"
#include "fastckpt/read/region_copy.h"
#include "fastckpt/read/slot_groups.h"
#include "fastckpt/read/verify_v1.h"
#include "fastckpt/read/whole_parts.h"

namespace fastckpt::internal {
namespace {

ArrayBytes ToArrayBytes(const MappedView& view) {
  return {view.bytes.data(), view.bytes.size(), view.file->mapping()};
}

Destination DenseDestination(std::uint8_t* base, Dims dims,
                             std::size_t item_size) {
  return {base, ContiguousStrides(dims, item_size)};
}

}  // namespace

CheckpointReader::CheckpointReader(std::unique_ptr<BundleSource> source,
                                   Checking verify)
    : bundle_(source.get()), verify_(verify) {
  verify_source_ = [bundle = source.get()](const RunOptions& options) {
    return VerifyBundle(*bundle, options);
  };
  source_ = std::move(source);
}

CheckpointReader::CheckpointReader(std::unique_ptr<V1Source> source,
                                   Checking verify)
    : verify_(verify) {
  verify_source_ = [v1 = source.get()](const RunOptions& options) {
    return VerifyV1(*v1, options);
  };
  source_ = std::move(source);
}

CheckpointReader::~CheckpointReader() = default;

std::optional<ArrayBytes> CheckpointReader::FindReady(std::size_t slot) const {
  return WithName(*source_, slot, [&]() -> std::optional<ArrayBytes> {
    SeenFiles seen;
    const auto view = source_->ReadyView(slot, verifies(), &seen);
    if (!view) return std::nullopt;
    return ToArrayBytes(*view);
  });
}

std::optional<std::vector<ArrayBytes>> CheckpointReader::Take(
    std::span<const std::size_t> slots, const RunOptions& options,
    bool may_wait) const {
  if (source_->DecodesPieces()) return TakeDecoded(slots, options);
  std::vector<ArrayBytes> taken(slots.size());
  UncheckedViews unchecked;
  std::vector<std::size_t> copies;
  SeenFiles seen;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (source_->IsView(slots[i])) {
      taken[i] = TakeView(slots[i], &seen, &unchecked);
    } else {
      copies.push_back(i);
    }
  }
  if (!CheckViews(*source_, unchecked, options, may_wait)) return std::nullopt;
  CopySome(slots, copies, options, &taken);
  return taken;
}

// A view that is added to `unchecked` unless it needs no check any more.
ArrayBytes CheckpointReader::TakeView(std::size_t slot, SeenFiles* seen,
                                      UncheckedViews* unchecked) const {
  const auto ready = WithName(*source_, slot, [&] {
    return source_->ReadyView(slot, verifies(), seen);
  });
  if (ready) return ToArrayBytes(*ready);
  AppendPieces(*source_, {slot, nullptr}, RuleOf({}), seen, &unchecked->pieces);
  unchecked->slots.push_back(slot);
  const Piece& piece = unchecked->pieces.back();
  const auto& mapping = piece.file->mapping();
  return {mapping->bytes().data() + piece.offset,
          static_cast<std::size_t>(piece.size), mapping};
}

std::vector<ArrayBytes> CheckpointReader::TakeDecoded(
    std::span<const std::size_t> slots, const RunOptions& options) const {
  std::vector<ArrayBytes> taken(slots.size());
  std::vector<std::size_t> whole, in_parts, wanted;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    (source_->Slices(slots[i]).empty() ? whole : in_parts).push_back(i);
  }
  for (const std::size_t i : whole) wanted.push_back(slots[i]);
  const auto take = [&](std::size_t i, SeenFiles* seen) {
    std::vector<Piece> pieces;
    AppendPieces(*source_, {wanted[i], nullptr}, RuleOf({}), seen, &pieces);
    const Piece& piece = pieces.front();
    taken[whole[i]] = {piece.memory.data(), piece.memory.size(), piece.owner};
  };
  const SlotReads reads{/*is_unchecked=*/!verifies()};
  if (!CountEachSlot(*source_, wanted, options, take, reads)) {
    throw Interrupted{};
  }
  CopySome(slots, in_parts, options, &taken);
  return taken;
}

// Copies slots[i] to (*arrays)[i] for each i of `indices`.
void CheckpointReader::CopySome(std::span<const std::size_t> slots,
                                std::span<const std::size_t> indices,
                                const RunOptions& options,
                                std::vector<ArrayBytes>* arrays) const {
  std::vector<std::size_t> wanted;
  for (const std::size_t i : indices) wanted.push_back(slots[i]);
  // They were not asked to be the caller's own.
  const CheckRule rule = verifies() ? CheckRule::kFirst : CheckRule::kNever;
  std::vector<ArrayBytes> copied = CopyBy(rule, wanted, options);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    (*arrays)[indices[i]] = std::move(copied[i]);
  }
}

// Gives those that were left where they are. What is checked is read where it
// will lie, so that its pages are mapped once.
std::vector<std::size_t> CheckpointReader::TakePrivate(
    std::span<const std::size_t> slots, std::span<const std::size_t> alignments,
    const RunOptions& options, std::vector<ArrayBytes>* moved) const {
  if (source_->DecodesPieces()) {
    *moved = TakeDecoded(slots, options);
    return MakePrivate(source_->OpenFiles(), alignments, moved);
  }
  UncheckedViews unchecked;
  std::vector<std::size_t> pieces;
  SeenFiles seen;
  for (const std::size_t slot : slots) {
    pieces.push_back(unchecked.pieces.size());
    moved->push_back(TakeView(slot, &seen, &unchecked));
  }
  pieces.push_back(unchecked.pieces.size());
  std::vector<std::size_t> left =
      MakePrivate(source_->OpenFiles(), alignments, moved);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (pieces[i + 1] > pieces[i]) {
      unchecked.pieces[pieces[i]].mapped = (*moved)[i].data;
    }
  }
  CheckViews(*source_, unchecked, options, true);
  return left;
}

std::vector<ArrayBytes> CheckpointReader::TakeOnWrite(
    std::span<const std::size_t> slots, const RunOptions& options) const {
  std::vector<std::size_t> views;
  std::vector<std::size_t> copies;
  std::vector<std::size_t> viewed;
  std::vector<std::size_t> alignments;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const bool is_view = source_->IsView(slots[i]);
    (is_view ? views : copies).push_back(i);
    if (!is_view) continue;
    viewed.push_back(slots[i]);
    alignments.push_back(
        std::max<std::size_t>(SwapUnit(source_->TypeOf(slots[i])), 1));
  }
  std::vector<ArrayBytes> taken(slots.size());
  std::vector<ArrayBytes> moved;
  for (const std::size_t i : TakePrivate(viewed, alignments, options, &moved)) {
    copies.push_back(views[i]);
  }
  for (std::size_t i = 0; i < views.size(); ++i) {
    taken[views[i]] = std::move(moved[i]);
  }
  CopySome(slots, copies, options, &taken);
  return taken;
}

std::vector<ArrayBytes> CheckpointReader::Copy(
    std::span<const std::size_t> slots, const RunOptions& options,
    std::span<CastTo> casts) const {
  return CopyBy(RuleOf({}), slots, options, casts);
}

CheckRule CheckpointReader::RuleOf(std::optional<bool> check) const {
  if (check) return *check ? CheckRule::kAlways : CheckRule::kNever;
  switch (verify_) {
    case Checking::kNever:
      return CheckRule::kNever;
    case Checking::kWhole:
      return CheckRule::kWhole;
    case Checking::kOnce:
      break;
  }
  return CheckRule::kOnce;
}

std::vector<ArrayBytes> CheckpointReader::CopyBy(
    CheckRule rule, std::span<const std::size_t> slots,
    const RunOptions& options, std::span<CastTo> casts) const {
  std::vector<ArrayBytes> copies(slots.size());
  std::vector<WantedRegion> wanted;
  std::uint64_t small_bytes = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    CastTo* cast = casts.empty() ? nullptr : NullIfNone(&casts[i]);
    wanted.push_back({slots[i], nullptr, cast});
    // As much as is stored; where a cast makes that more, slabs are more too.
    const auto size = static_cast<std::size_t>(source_->Facts(slots[i]).size);
    if (SlabAllocator::IsSmall(size))
      small_bytes += SlabAllocator::Padded(size);
  }
  SlabAllocator allocator(small_bytes);
  const auto make = [&](std::size_t i) {
    const TensorFacts facts = source_->Facts(slots[i]);
    const CastTo* cast = wanted[i].cast;
    const DType dtype = cast ? cast->dtype : facts.dtype;
    const auto size = static_cast<std::size_t>(ByteCount(facts.dims, dtype));
    const SlabAllocator::Place place = allocator.Allocate(size);
    copies[i] = {place.data, size, place.owner};
    return DenseDestination(place.data, facts.dims, ElementSize(dtype));
  };
  CopyRegions(*source_, wanted, rule, make, options);
  return copies;
}

ArrayBytes CheckpointReader::CopyRegion(
    std::size_t slot, const Region& region,
    const std::vector<std::int64_t>& strides, const RunOptions& options) const {
  const auto size = static_cast<std::size_t>(RegionCount(region) *
                                             source_->LayoutOf(slot).item_size);
  const Region rising = RisingRegion(region);
  const WantedRegion wanted{slot, &rising};
  ArrayBytes copy;
  // Flipping moves the base as well, and there is none before the pieces are
  // known to be there.
  const auto make = [&](std::size_t) {
    const std::shared_ptr<Memory> memory = Memory::Allocate(size);
    copy = {memory->data(), size, memory};
    Region again = region;
    Destination destination{memory->data(), strides};
    FlipNegativeSteps(&again, &destination);
    return destination;
  };
  CopyRegions(*source_, {&wanted, 1}, RuleOf(options.check), make, options);
  return copy;
}

void CheckpointReader::Read(std::span<const ReadRequest> requests,
                            const RunOptions& options,
                            bool checks_first) const {
  std::vector<WantedRegion> wanted;
  for (const ReadRequest& request : requests) {
    wanted.push_back({request.slot, &request.region, request.cast});
  }
  const auto make = [&](std::size_t i) { return requests[i].destination; };
  RunOptions copying = options;
  const CheckRule rule = RuleOf({});
  if (rule == CheckRule::kWhole) {
    if (source_->fetcher()) {
      CheckPartsOfWholes(*source_, &wanted);
    } else {
      const auto whole = PartsOfWholes(*source_, wanted);
      CheckRegions(*source_, whole, CheckRule::kOnce, options);
    }
  }
  if (checks_first && rule != CheckRule::kNever) {
    copying.counted = CheckRegions(*source_, wanted, rule, options);
  }
  CopyRegions(*source_, wanted, rule, make, copying);
}

std::vector<StringPiece> CheckpointReader::Strings(std::size_t slot,
                                                   CheckRule rule) const {
  return WithName(*source_, slot, [&] {
    std::vector<StringPiece> pieces;
    SeenFiles seen;
    source_->AppendStrings(slot, rule, &seen, &pieces);
    return pieces;
  });
}

VerifyResult CheckpointReader::Verify(const RunOptions& options) const {
  VerifyResult result = verify_source_(options);
  if (result.was_interrupted) throw Interrupted{};
  return result;
}

}  // namespace fastckpt::internal
