// BundleSource: the tensors of a V2 bundle. Shards are opened when needed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fastckpt/read/bundle_parts.h"
#include "fastckpt/read/shard_files.h"
#include "fastckpt/read/tensor_source.h"
#include "fastckpt/v2/bundle_index.h"
#include "fastckpt/v2/bundle_place.h"

namespace fastckpt::internal {

class BundleSource final : public TensorSource {
 public:
  // Opens the index of a prefix, or of the set aside that counts for it; see
  // OpenIndex.
  BundleSource(const std::string& prefix, IoMode mode,
               std::uint64_t max_index_bytes,
               const FileIdentity* wanted = nullptr);
  // The same of a prefix that lies elsewhere; throws as BundleIndex does, and
  // as `fetcher`.
  BundleSource(const std::string& prefix,
               std::shared_ptr<const RangeFetcher> fetcher,
               std::uint64_t max_index_bytes);

  // As it was given.
  const std::string& prefix() const { return place_.prefix; }
  // Where the index lay when it was opened, and where it lies now.
  const BundlePlace& place() const { return place_; }
  std::string FindIndexPath() const;
  const BundleIndex& index() const { return index_; }

  // A slot is an entry of the index, hidden ones among them.
  std::size_t slot_count() const override { return index_.entry_count(); }
  std::size_t tensor_count() const override { return index_.tensor_count(); }
  bool IsTensor(std::size_t slot) const override {
    return !index_.entry(slot).is_hidden;
  }
  std::optional<std::size_t> Find(std::string_view name) const override;
  std::string_view Name(std::size_t slot) const override {
    return index_.name(slot);
  }
  DType TypeOf(std::size_t slot) const override { return dtype(slot); }
  Dims DimsOf(std::size_t slot) const override { return index_.dims(slot); }
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
  std::optional<MappedView> ReadyView(std::size_t slot, bool check,
                                      SeenFiles* seen) const override;
  std::vector<PiecePlace> Places(std::size_t slot) const override;
  bool DecodesPieces() const override { return false; }
  const RangeFetcher* fetcher() const override { return fetcher_.get(); }
  std::vector<RangeRequest> ReadRanges(std::size_t slot, const Region* region,
                                       CheckRule rule) const override;
  std::vector<FileIdentity> Identities() const override {
    return {index_.identity()};
  }
  std::vector<std::string> IdentityPaths() const override {
    return {place_.IndexPath()};
  }
  std::vector<std::string> DataPaths() const override;
  std::vector<const DataFile*> OpenFiles() const override {
    return files_.Opened();
  }
  void CloseFiles() const override { files_.Close(); }
  std::string DebugString() const override;

  // The stored bytes of one unsliced slot, whatever its dtype; without a box.
  Piece StoredPiece(std::size_t slot, SeenFiles* seen) const;

  // For who passes stored bytes on, whatever they mean, file by file.

  // The slot that stores a slice, resolved to `box`, which a tensor lists.
  // Throws Corruption.
  std::size_t FindPart(std::size_t slot, const SliceSpec& spec,
                       const Box& box) const {
    return parts_.FindPart(slot, spec, box);
  }
  // Throws Corruption unless the entry of an unsliced slot names a shard that
  // there is, a place, and a size that fits its shape.
  void CheckPlace(std::size_t slot) const { parts_.CheckPlace(slot); }
  // The path of the shard that a slot names.
  std::string ShardPath(std::size_t slot) const;
  // Opens that shard for the caller alone: who goes through thousands of files
  // keeps few of them. Throws System.
  std::unique_ptr<DataFile> OpenShard(std::size_t slot, IoMode mode) const;
  // Throws Corruption if the index is no longer the one that was read.
  void CheckIndexUnchanged() const;
  // The index as it lies there now.
  BundleIndex ReadIndexAgain() const;

 private:
  BundleSource(PlacedIndex opened, IoMode mode);

  DType dtype(std::size_t slot) const {
    return static_cast<DType>(index_.entry(slot).dtype);
  }
  bool big_endian() const { return index_.header().endianness == 1; }
  const DataFile& OpenPlace(std::size_t slot, SeenFiles* seen,
                            FileStamp* stamp) const;
  StringPiece ReadStrings(const BundlePart& part, CheckRule rule,
                          SeenFiles* seen) const;

  BundlePlace place_;
  IoMode mode_;
  BundleIndex index_;
  BundleParts parts_;  // of index_
  std::shared_ptr<const RangeFetcher> fetcher_;
  mutable ShardFiles files_;
  mutable std::vector<CheckState> states_;
};

}  // namespace fastckpt::internal
