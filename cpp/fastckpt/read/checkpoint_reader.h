// CheckpointReader: an open checkpoint of either format; the facade of the
// core.
//
// Thread-safety: const methods are safe to call from many threads and in a
// forked child.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fastckpt/read/array_bytes.h"
#include "fastckpt/read/bundle_source.h"
#include "fastckpt/read/byte_runs.h"
#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/region.h"
#include "fastckpt/read/tensor_source.h"
#include "fastckpt/read/v1_source.h"
#include "fastckpt/read/verify.h"
#include "fastckpt/read/view_check.h"

namespace fastckpt::internal {

// What an open checkpoint checks of what it hands out; see CheckRule.
enum class Checking { kNever, kWhole, kOnce };

// A region of a tensor to be copied somewhere. Steps are positive.
struct ReadRequest {
  std::size_t slot = 0;
  Region region;
  Destination destination;
  // See WantedRegion.
  CastTo* cast = nullptr;
};

class CheckpointReader {
 public:
  // `prefix` is that of a V2 bundle; `wanted` tells which one, wherever a save
  // has moved it (see OpenIndex). Throws for any damage to its index.
  static std::unique_ptr<CheckpointReader> OpenBundle(
      const std::string& prefix, IoMode mode, Checking verify,
      std::uint64_t max_index_bytes, const FileIdentity* wanted = nullptr) {
    return Make(
        std::make_unique<BundleSource>(prefix, mode, max_index_bytes, wanted),
        verify);
  }
  // The same of one that lies elsewhere.
  static std::unique_ptr<CheckpointReader> OpenRemoteBundle(
      const std::string& prefix, std::shared_ptr<const RangeFetcher> fetcher,
      Checking verify, std::uint64_t max_index_bytes) {
    return Make(std::make_unique<BundleSource>(prefix, std::move(fetcher),
                                               max_index_bytes),
                verify);
  }
  // The files of a V1 checkpoint, in order.
  static std::unique_ptr<CheckpointReader> OpenV1(
      const std::vector<std::string>& paths, IoMode mode, Checking verify) {
    return Make(std::make_unique<V1Source>(paths, mode), verify);
  }
  // The same of files that lie elsewhere.
  static std::unique_ptr<CheckpointReader> OpenRemoteV1(
      const std::vector<std::string>& paths,
      const std::shared_ptr<const RangeFetcher>& fetcher, Checking verify) {
    return Make(std::make_unique<V1Source>(paths, fetcher), verify);
  }
  ~CheckpointReader();

  // The checkpoint's tensors; lives as long as this.
  const TensorSource& source() const { return *source_; }
  // The same of V2, for who asks more of a bundle; null of V1.
  const BundleSource* bundle() const { return bundle_; }

  // A view of the mapping that needs no check any more, or nothing.
  std::optional<ArrayBytes> FindReady(std::size_t slot) const;

  // The bytes of numeric tensors: views of the mapping, checked once, or
  // arrays of their own. Nothing if `may_wait` is false and another thread is
  // checking one of the views at this moment.
  std::optional<std::vector<ArrayBytes>> Take(
      std::span<const std::size_t> slots, const RunOptions& options,
      bool may_wait) const;

  // The bytes of numeric tensors, writable, each the caller's own: where Take
  // gives a view, in a private mapping of the call and the file, else (and
  // where it is unaligned, or overlaps another one) as Copy gives them.
  std::vector<ArrayBytes> TakeOnWrite(std::span<const std::size_t> slots,
                                      const RunOptions& options) const;

  // Copies of numeric tensors in memory of their own, writable; cast as
  // `casts` say, one per slot, unless it is empty.
  std::vector<ArrayBytes> Copy(std::span<const std::size_t> slots,
                               const RunOptions& options,
                               std::span<CastTo> casts = {}) const;

  // A copy of a region, of any steps, in memory of its own: as dense as the
  // caller's strides make it, one per dimension of the tensor.
  ArrayBytes CopyRegion(std::size_t slot, const Region& region,
                        const std::vector<std::int64_t>& strides,
                        const RunOptions& options) const;

  // Copies regions to where the requests say, in the order of the files. With
  // `checks_first` nothing is written before all of it was found right, so that
  // destinations stay as they are, but for damage in that very moment.
  void Read(std::span<const ReadRequest> requests, const RunOptions& options,
            bool checks_first = false) const;

  // The elements of a string tensor, checked by this rule.
  std::vector<StringPiece> Strings(std::size_t slot, CheckRule rule) const;

  // How what a call copies is checked; `check` as in RunOptions.
  CheckRule RuleOf(std::optional<bool> check) const;

  // Checks every block and every tensor.
  VerifyResult Verify(const RunOptions& options) const;

 private:
  template <typename Source>
  static std::unique_ptr<CheckpointReader> Make(std::unique_ptr<Source> source,
                                                Checking verify) {
    return std::unique_ptr<CheckpointReader>(
        new CheckpointReader(std::move(source), verify));
  }

  CheckpointReader(std::unique_ptr<BundleSource> source, Checking verify);
  CheckpointReader(std::unique_ptr<V1Source> source, Checking verify);

  ArrayBytes TakeView(std::size_t slot, SeenFiles* seen,
                      UncheckedViews* unchecked) const;
  std::vector<ArrayBytes> TakeDecoded(std::span<const std::size_t> slots,
                                      const RunOptions& options) const;
  std::vector<std::size_t> TakePrivate(std::span<const std::size_t> slots,
                                       std::span<const std::size_t> alignments,
                                       const RunOptions& options,
                                       std::vector<ArrayBytes>* moved) const;
  void CopySome(std::span<const std::size_t> slots,
                std::span<const std::size_t> indices, const RunOptions& options,
                std::vector<ArrayBytes>* arrays) const;
  std::vector<ArrayBytes> CopyBy(CheckRule rule,
                                 std::span<const std::size_t> slots,
                                 const RunOptions& options,
                                 std::span<CastTo> casts = {}) const;
  bool verifies() const { return verify_ != Checking::kNever; }

  std::unique_ptr<const TensorSource> source_;
  const BundleSource* bundle_ = nullptr;
  // How the source's own format is verified.
  std::function<VerifyResult(const RunOptions&)> verify_source_;
  Checking verify_;
};

}  // namespace fastckpt::internal
