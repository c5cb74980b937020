// V1Source: the tensors of a V1 checkpoint. Values are decoded when read; the
// packed ones among them can be viewed where they lie.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fastckpt/read/tensor_source.h"
#include "fastckpt/v1/v1_reader.h"

namespace fastckpt::internal {

// See TensorSource for what the methods promise; slots are those of V1Reader.
class V1Source final : public TensorSource {
 public:
  // Throws as V1Reader does.
  V1Source(const std::vector<std::string>& paths, IoMode mode);

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
  void AppendPieces(std::size_t slot, const Region* region, bool check,
                    SeenFiles* seen, std::vector<Piece>* pieces) const override;
  void AppendStrings(std::size_t slot, bool check, SeenFiles* seen,
                     std::vector<StringPiece>* pieces) const override;
  // Values are always looked up in their record.
  std::optional<MappedView> ReadyView(std::size_t, bool,
                                      SeenFiles*) const override {
    return std::nullopt;
  }
  std::vector<PiecePlace> Places(std::size_t slot) const override;
  bool DecodesPieces() const override { return true; }
  std::vector<FileIdentity> Identities() const override;
  std::vector<std::string> IdentityPaths() const override;
  std::vector<const DataFile*> OpenFiles() const override;
  std::string DebugString() const override;

 private:
  const V1Tensor& tensor(std::size_t slot) const {
    return reader_.tensors()[slot];
  }
  DType dtype(std::size_t slot) const {
    return static_cast<DType>(tensor(slot).dtype);
  }
  std::vector<Box> BoxesOf(std::size_t slot, const Region* region) const;
  V1Record ReadRecord(const V1Tensor& tensor, const V1Slice& slice, bool check,
                      SeenFiles* seen) const;
  Block ReadBlock(std::uint32_t file, std::size_t block, bool check,
                  BlockScratch* scratch) const;
  Piece ReadPiece(std::size_t slot, const V1Slice& slice, const Box& box,
                  bool check, SeenFiles* seen) const;
  StringPiece ReadStrings(const V1Tensor& tensor, const V1Slice& slice,
                          const Box& box, bool check, SeenFiles* seen) const;
  std::optional<PiecePlace> FindPlace(std::size_t slot, const V1Slice& slice,
                                      const Box& box, SeenFiles* seen) const;

  IoMode mode_;
  V1Reader reader_;
  // Per file, per block: whether it was checked (mappings only).
  mutable std::vector<std::vector<CheckState>> states_;
};

}  // namespace fastckpt::internal
