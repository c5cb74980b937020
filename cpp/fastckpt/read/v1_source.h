// V1Source: the tensors of a V1 checkpoint. Values are decoded when read; the
// packed ones among them can be viewed where they lie.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fastckpt/read/checked_blocks.h"
#include "fastckpt/read/packed_places.h"
#include "fastckpt/read/remote_v1.h"
#include "fastckpt/read/tensor_source.h"
#include "fastckpt/v1/v1_reader.h"

namespace fastckpt::internal {

// See TensorSource for what the methods promise; slots are those of V1Reader.
class V1Source final : public TensorSource {
 public:
  // Throws as V1Reader does.
  V1Source(const std::vector<std::string>& paths, IoMode mode)
      : V1Source(V1Reader(paths, mode), mode, nullptr) {}
  // The same of files that lie elsewhere.
  V1Source(const std::vector<std::string>& paths,
           const std::shared_ptr<const RangeFetcher>& fetcher)
      : V1Source(OpenRemoteV1(paths, fetcher), IoMode::kRead, fetcher) {}

  // The files; lives as long as this.
  const V1Reader& reader() const { return reader_; }

  // A slot is a tensor: none is hidden.
  std::size_t slot_count() const override { return reader_.tensors().size(); }
  std::size_t tensor_count() const override { return slot_count(); }
  bool IsTensor(std::size_t) const override { return true; }
  std::optional<std::size_t> Find(std::string_view name) const override {
    return reader_.Find(name);
  }
  std::string_view Name(std::size_t slot) const override {
    return tensor(slot).name;
  }
  DType TypeOf(std::size_t slot) const override { return dtype(slot); }
  Dims DimsOf(std::size_t slot) const override {
    return tensor(slot).shape.dims;
  }
  TensorFacts Facts(std::size_t slot) const override;
  std::vector<SliceSpec> Slices(std::size_t slot) const override;
  bool IsView(std::size_t slot) const override;
  Layout LayoutOf(std::size_t slot) const override;
  void CheckShape(std::size_t slot) const override;
  void CheckMeaning(std::size_t slot) const override;
  void AppendPieces(std::size_t slot, const Region* region, CheckRule rule,
                    SeenFiles* seen, std::vector<Piece>* pieces) const override;
  void AppendStrings(std::size_t slot, CheckRule rule, SeenFiles* seen,
                     std::vector<StringPiece>* pieces) const override;
  // Values are always looked up in their record.
  std::optional<MappedView> ReadyView(std::size_t, bool,
                                      SeenFiles*) const override {
    return std::nullopt;
  }
  std::vector<PiecePlace> Places(std::size_t slot) const override;
  bool DecodesPieces() const override { return true; }
  std::vector<FileIdentity> Identities() const override {
    return OfFiles<FileIdentity>(
        [](const DataFile& it) { return it.file().identity(); });
  }
  std::vector<std::string> IdentityPaths() const override {
    return OfFiles<std::string>([](const DataFile& it) { return it.path(); });
  }
  std::vector<std::string> DataPaths() const override {
    return IdentityPaths();
  }
  std::vector<const DataFile*> OpenFiles() const override {
    return OfFiles<const DataFile*>([](const DataFile& it) { return &it; });
  }
  std::string DebugString() const override;
  const RangeFetcher* fetcher() const override { return fetcher_.get(); }
  std::vector<RangeRequest> ReadRanges(std::size_t slot, const Region* region,
                                       CheckRule rule) const override;

  // Decodes a slice of a tensor that CheckMeaning finds right, whose block was
  // checked. Throws Corruption, Unsupported and System.
  void CheckSlice(std::size_t slot, std::size_t index, SeenFiles* seen) const {
    const V1Slice& slice = tensor(slot).slices[index];
    const Box box = ResolveSlice(slice.spec, tensor(slot).shape.dims);
    if (dtype(slot) == DType::kString) {
      ReadStrings(tensor(slot), slice, box, /*check=*/false, seen);
    } else {
      ReadPiece(slot, index, box, /*check=*/false, seen);
    }
  }

  // The state of a block, for who checks it elsewhere.
  CheckState& StateOf(const BlockPlace& place) const {
    return blocks_.StateOf(place);
  }

 private:
  template <typename Of, typename Take>
  std::vector<Of> OfFiles(Take take) const {
    std::vector<Of> all;
    for (std::size_t i = 0; i < reader_.file_count(); ++i) {
      all.push_back(take(reader_.file(i)));
    }
    return all;
  }

  V1Source(V1Reader reader, IoMode mode,
           std::shared_ptr<const RangeFetcher> fetcher);

  const V1Tensor& tensor(std::size_t slot) const {
    return reader_.tensors()[slot];
  }
  DType dtype(std::size_t slot) const {
    return static_cast<DType>(tensor(slot).dtype);
  }
  std::vector<Box> BoxesOf(std::size_t slot, const Region* region) const;
  V1Record ReadRecord(const V1Tensor& tensor, const V1Slice& slice, bool check,
                      SeenFiles* seen) const;
  Piece ReadPiece(std::size_t slot, std::size_t index, const Box& box,
                  bool check, SeenFiles* seen) const;
  // Parts are read by themselves once their block was right; not where what is
  // fetched again is to be right, too.
  bool MayFindPacked(CheckRule rule) const {
    return rule == CheckRule::kWhole ||
           (rule != CheckRule::kNever && fetcher() == nullptr);
  }
  std::optional<Piece> FindPacked(std::size_t slot, std::size_t index,
                                  const Box& box, SeenFiles* seen) const;
  void NotePacked(std::size_t slot, std::size_t index, ByteView packed,
                  SeenFiles* seen) const;
  StringPiece ReadStrings(const V1Tensor& tensor, const V1Slice& slice,
                          const Box& box, bool check, SeenFiles* seen) const;
  std::optional<PiecePlace> FindPlace(std::size_t slot, const V1Slice& slice,
                                      const Box& box, SeenFiles* seen) const;

  IoMode mode_;
  std::shared_ptr<const RangeFetcher> fetcher_;
  V1Reader reader_;
  mutable CheckedBlocks blocks_;
  mutable PackedPlaces packed_;
};

}  // namespace fastckpt::internal
