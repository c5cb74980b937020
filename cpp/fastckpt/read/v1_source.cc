#include "fastckpt/read/v1_source.h"

#include <algorithm>
#include <utility>

#include "fastckpt/proto/tensor_proto.h"
#include "fastckpt/read/debug_string.h"

namespace fastckpt::internal {
namespace {

// The block that was read last, which the next tensor often lies in too, and
// what keeps it.
struct LastBlock {
  const TableReader* table = nullptr;
  std::size_t index = 0;
  Block block;
  std::shared_ptr<const void> owner;
};

std::vector<SliceSpec> Specs(const V1Tensor& tensor) {
  std::vector<SliceSpec> specs;
  specs.reserve(tensor.slices.size());
  for (const V1Slice& slice : tensor.slices) specs.push_back(slice.spec);
  return specs;
}

// True if the slice is all of the tensor, however it is spelled.
bool IsAll(const SliceSpec& spec, Dims dims) {
  if (spec.size() != dims.size()) return false;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const Extent spelled{0, dims[i]};
    if (!spec[i].IsWhole() && spec[i] != spelled) return false;
  }
  return true;
}

void Keep(std::vector<std::uint8_t> bytes, Piece* piece) {
  auto kept = std::make_shared<std::vector<std::uint8_t>>(std::move(bytes));
  piece->memory = *kept;
  piece->owner = std::move(kept);
}

std::uint64_t OffsetOf(ByteView inside, const LastBlock& last) {
  return last.table->handle(last.index).offset +
         static_cast<std::uint64_t>(inside.data() - last.block.contents.data());
}

bool IsWithin(ByteView inner, ByteView outer) {
  return inner.data() >= outer.data() &&
         inner.data() + inner.size() <= outer.data() + outer.size();
}

}  // namespace

V1Source::V1Source(V1Reader reader, IoMode mode,
                   std::shared_ptr<const RangeFetcher> fetcher)
    : mode_(mode),
      fetcher_(std::move(fetcher)),
      reader_(std::move(reader)),
      blocks_(reader_, mode),
      packed_(reader_.tensors()) {}

TensorFacts V1Source::Facts(std::size_t slot) const {
  TensorFacts facts;
  facts.name = tensor(slot).name;
  facts.dtype = dtype(slot);
  facts.dims = tensor(slot).shape.dims;
  if (ElementSize(facts.dtype) == 0) return facts;
  try {
    facts.size = ByteCount(facts.dims, facts.dtype);
    facts.has_size = true;
  } catch (const Error&) {
    facts.has_size = false;  // CheckMeaning says why
  }
  return facts;
}

// A plain tensor has one slice that is all of it: none to speak of.
std::vector<SliceSpec> V1Source::Slices(std::size_t slot) const {
  std::vector<SliceSpec> specs = Specs(tensor(slot));
  if (specs.size() == 1 && IsAll(specs[0], tensor(slot).shape.dims)) return {};
  return specs;
}

Layout V1Source::LayoutOf(std::size_t slot) const {
  return {std::max<std::size_t>(ElementSize(dtype(slot)), 1), 1};
}

void V1Source::CheckShape(std::size_t slot) const {
  const ShapeMessage& shape = tensor(slot).shape;
  CheckArray(dtype(slot), shape.rank, shape.unknown_rank, shape.dims);
}

void V1Source::CheckMeaning(std::size_t slot) const {
  static_cast<void>(BoxesOf(slot, nullptr));
}

std::vector<Box> V1Source::BoxesOf(std::size_t slot,
                                   const Region* region) const {
  CheckShape(slot);
  const ShapeMessage& shape = tensor(slot).shape;
  const auto where = [&](std::size_t i) {
    return reader_.file(tensor(slot).slices[i].file).path();
  };
  std::vector<Box> boxes =
      ResolveSlices(Specs(tensor(slot)), shape.dims, where);
  CheckCovered(boxes, region ? *region : WholeRegion(shape.dims));
  return boxes;
}

// Looks at the record without checking its block: the answer says how the
// bytes lie, not that they are right.
bool V1Source::IsView(std::size_t slot) const {
  if (mode_ != IoMode::kMap || tensor(slot).slices.size() != 1) return false;
  try {
    SeenFiles seen;
    const std::vector<Box> boxes = BoxesOf(slot, nullptr);
    return FindPlace(slot, tensor(slot).slices[0], boxes[0], &seen).has_value();
  } catch (const Error&) {
    return false;
  }
}

V1Record V1Source::ReadRecord(const V1Tensor& tensor, const V1Slice& slice,
                              bool check, SeenFiles* seen) const {
  const DataFile& file = reader_.file(slice.file);
  const FileStamp stamp = seen->CheckStamp(file);
  const std::size_t block = reader_.BlockOf(tensor, slice);
  const TableReader& table = reader_.table(slice.file);
  return WithContext(Where{file.path(), table.handle(block).offset, {}}, [&] {
    auto* last = seen->Recall<LastBlock>();
    if (last->table != &table || last->index != block) {
      auto scratch = std::make_shared<BlockScratch>();
      const Block contents =
          blocks_.Read({slice.file, block}, check, stamp, scratch.get());
      *last = {&table, block, contents, std::move(scratch)};
      if (file.mapping() && contents.type == BlockType::kRaw) {
        last->owner = file.mapping();
      }
    }
    return reader_.FindRecord(tensor, slice, block, last->block, last->owner);
  });
}

std::optional<Piece> V1Source::FindPacked(std::size_t slot, std::size_t index,
                                          const Box& box,
                                          SeenFiles* seen) const {
  const PackedPlace* place = packed_.Find(slot, index);
  if (place == nullptr) return std::nullopt;
  const std::uint32_t number = tensor(slot).slices[index].file;
  const DataFile& file = reader_.file(number);
  const FileStamp stamp = seen->CheckStamp(file);
  if (place->stamp != stamp || !blocks_.IsDone({number, place->block}, stamp)) {
    return std::nullopt;
  }
  Piece piece;
  piece.box = box;
  piece.file = &file;
  piece.offset = place->offset;
  piece.size = place->size;
  return piece;
}

void V1Source::NotePacked(std::size_t slot, std::size_t index, ByteView packed,
                          SeenFiles* seen) const {
  const LastBlock& last = *seen->Recall<LastBlock>();
  const ByteView contents = last.block.contents;
  if (last.block.type != BlockType::kRaw || !IsWithin(packed, contents)) return;
  const DataFile& file = reader_.file(tensor(slot).slices[index].file);
  packed_.Note(slot, index,
               {last.index, OffsetOf(packed, last), packed.size(),
                seen->CheckStamp(file)});
}

Piece V1Source::ReadPiece(std::size_t slot, std::size_t index, const Box& box,
                          bool check, SeenFiles* seen) const {
  const V1Slice& slice = tensor(slot).slices[index];
  V1Record record = ReadRecord(tensor(slot), slice, check, seen);
  const DType type = dtype(slot);
  Piece piece;
  piece.box = box;
  piece.memory =
      FindPackedArray(record.message, type, ElementCount(box.extent));
  if (!piece.memory.empty()) {
    CheckAgrees(record.message, type, box.extent);
    if (check) NotePacked(slot, index, piece.memory, seen);
    piece.owner = std::move(record.owner);
    const std::size_t kept = seen->Recall<LastBlock>()->block.contents.size();
    const bool is_mapped = piece.owner == reader_.file(slice.file).mapping();
    // A small tensor must not keep the block that it was decoded with.
    if (!is_mapped && piece.memory.size() < kept / 2) {
      Keep({piece.memory.begin(), piece.memory.end()}, &piece);
    }
    return piece;
  }
  Keep(DecodeValues(record.message, type, box.extent), &piece);
  return piece;
}

void V1Source::AppendPieces(std::size_t slot, const Region* region,
                            CheckRule rule, SeenFiles* seen,
                            std::vector<Piece>* pieces) const {
  const std::vector<Box> boxes = BoxesOf(slot, region);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const std::uint64_t count = region ? CountInside(boxes[i], *region) : 0;
    if (region && count == 0) continue;
    const bool is_part = region && count < ElementCount(boxes[i].extent);
    const bool may_find = is_part && MayFindPacked(rule);
    std::optional<Piece> packed;
    if (may_find) packed = FindPacked(slot, i, boxes[i], seen);
    const bool check = rule != CheckRule::kNever;
    pieces->push_back(packed ? std::move(*packed)
                             : ReadPiece(slot, i, boxes[i], check, seen));
  }
}

std::vector<RangeRequest> V1Source::ReadRanges(std::size_t slot,
                                               const Region* region,
                                               CheckRule rule) const {
  std::vector<RangeRequest> ranges;
  try {
    const std::vector<Box> boxes = BoxesOf(slot, region);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const std::uint64_t count = region ? CountInside(boxes[i], *region) : 0;
      if (region && count == 0) continue;
      const bool is_part = region && count < ElementCount(boxes[i].extent);
      if (is_part && MayFindPacked(rule) && packed_.Find(slot, i)) continue;
      const auto range =
          reader_.ReadRange(tensor(slot), tensor(slot).slices[i]);
      if (range) ranges.push_back(*range);
    }
  } catch (const Error&) {
    ranges.clear();  // AppendPieces says why
  }
  return ranges;
}

StringPiece V1Source::ReadStrings(const V1Tensor& tensor, const V1Slice& slice,
                                  const Box& box, bool check,
                                  SeenFiles* seen) const {
  const V1Record record = ReadRecord(tensor, slice, check, seen);
  auto bytes = std::make_shared<std::vector<std::uint8_t>>();
  StringPiece piece;
  piece.box = box;
  for (const ByteView value : DecodeStrings(record.message, box.extent)) {
    piece.sizes.push_back(value.size());
    bytes->insert(bytes->end(), value.begin(), value.end());
  }
  piece.bytes = *bytes;
  piece.owner = std::move(bytes);
  return piece;
}

void V1Source::AppendStrings(std::size_t slot, CheckRule rule, SeenFiles* seen,
                             std::vector<StringPiece>* pieces) const {
  const bool check = rule != CheckRule::kNever;
  const std::vector<Box> boxes = BoxesOf(slot, nullptr);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    pieces->push_back(ReadStrings(tensor(slot), tensor(slot).slices[i],
                                  boxes[i], check, seen));
  }
}

std::optional<PiecePlace> V1Source::FindPlace(std::size_t slot,
                                              const V1Slice& slice,
                                              const Box& box,
                                              SeenFiles* seen) const {
  const V1Record record = ReadRecord(tensor(slot), slice, false, seen);
  const LastBlock& last = *seen->Recall<LastBlock>();
  const ByteView contents = last.block.contents;
  const ByteView packed =
      FindPackedArray(record.message, dtype(slot), ElementCount(box.extent));
  if (last.block.type != BlockType::kRaw || packed.empty() ||
      !IsWithin(packed, contents)) {
    return std::nullopt;
  }
  return PiecePlace{reader_.file(slice.file).path(), OffsetOf(packed, last),
                    packed.size(), box};
}

std::vector<PiecePlace> V1Source::Places(std::size_t slot) const {
  const std::vector<Box> boxes = BoxesOf(slot, nullptr);
  std::vector<PiecePlace> places;
  SeenFiles seen;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    auto place = FindPlace(slot, tensor(slot).slices[i], boxes[i], &seen);
    if (!place) {
      ThrowUnsupported("the stored bytes are encoded, not the array's own");
    }
    places.push_back(std::move(*place));
  }
  return places;
}

std::string V1Source::DebugString() const {
  return fastckpt::internal::DebugString(reader_);
}

}  // namespace fastckpt::internal
