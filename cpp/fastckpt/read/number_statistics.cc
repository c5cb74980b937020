#include "fastckpt/read/number_statistics.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "fastckpt/codec/bin_counts.h"
#include "fastckpt/codec/byte_counts.h"
#include "fastckpt/read/region_copy.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {
namespace {

// What is read in one go is seen whole, and looked at twice at once.
bool IsSeenWhole(std::uint64_t size_bytes) { return size_bytes <= kLookStep; }

// Numbers as they lie in a file.
struct Stored {
  NumberForm form;
  std::size_t swap_unit;
  std::uint64_t size_bytes;  // of the whole tensor
};

// Calls work(bytes), with the bytes in the machine's order.
template <typename Work>
void WithMachineOrder(const Stored& stored, const std::uint8_t* bytes,
                      std::size_t size, Work&& work) {
  if (stored.swap_unit == 1) return work(bytes);
  Scratch swapped(bytes, bytes + size);
  SwapUnits(swapped.data(), size, stored.swap_unit);
  work(swapped.data());
}

ByteValues ValuesOf(const NumberForm& form) {
  return ByteValues(form.bytes, kByteValues);
}

using AllByteCounts = std::array<std::uint64_t, kByteValues>;
using BinSpan = std::span<std::uint64_t, kBins>;

// The first look at a tensor.
class FirstLook : public TensorLook {
 public:
  FirstLook(const Stored& stored, bool with_histogram)
      : stored_(stored), with_histogram_(with_histogram) {}

  PieceLook* OfPiece(const Piece& piece) override {
    pieces_.push_back(std::make_unique<OnePiece>(this, piece));
    return pieces_.back().get();
  }

  // What was found; of the bins the counts are still to come if NeedsMore().
  NumberStatistics Finish() {
    if (is_done_) return std::move(found_);
    if (bytes_) {
      FinishBytes(*bytes_);
      return std::move(found_);
    }
    for (const auto& piece : pieces_) {
      for (const Moments& group : piece->groups) {
        MergeMoments(group, &found_.moments);
      }
    }
    FindBins();
    return std::move(found_);
  }

 private:
  struct OnePiece : PieceLook {
    OnePiece(FirstLook* whole, const Piece& piece) : look(whole) {
      const std::uint64_t size = piece.file ? piece.size : piece.memory.size();
      is_all = size == whole->stored_.size_bytes && IsSeenWhole(size);
      if (whole->stored_.form.bytes) return;
      groups.resize(static_cast<std::size_t>((size + kLookGroup - 1) /
                                             kLookGroup));
    }

    void Look(std::uint64_t begin, std::uint64_t end,
              const std::uint8_t* bytes) override {
      const auto size = static_cast<std::size_t>(end - begin);
      if (look->stored_.form.bytes) return look->LookAtBytes(*this, bytes, size);
      WithMachineOrder(look->stored_, bytes, size, [&](const auto* numbers) {
        look->LookAt(this, begin, numbers, size);
      });
    }

    FirstLook* look;
    bool is_all;  // seen at once
    std::vector<Moments> groups;
  };

  void LookAt(OnePiece* piece, std::uint64_t begin, const std::uint8_t* numbers,
              std::size_t size) {
    const DType dtype = stored_.form.dtype;
    const std::size_t count = size / ElementSize(dtype);
    Moments* group =
        &piece->groups[static_cast<std::size_t>(begin / kLookGroup)];
    AddMoments(dtype, numbers, count, group);
    if (!piece->is_all) return;
    found_.moments = *group;
    FindBins();
    if (found_.bins.count == kBins) {
      CountInBins(dtype, numbers, count, found_.bins, Counts());
      LeaveOut(found_.moments, Counts());
    }
    is_done_ = true;
  }

  void LookAtBytes(const OnePiece& piece, const std::uint8_t* bytes,
                   std::size_t size) {
    AllByteCounts counts = {};
    CountBytes(bytes, size, counts);
    if (piece.is_all) {
      FinishBytes(counts);
      is_done_ = true;
      return;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!bytes_) bytes_ = std::make_unique<AllByteCounts>();
    for (std::size_t i = 0; i < counts.size(); ++i) (*bytes_)[i] += counts[i];
  }

  void FinishBytes(const AllByteCounts& counts) {
    const ByteValues values = ValuesOf(stored_.form);
    found_.moments = MomentsOfBytes(counts, values);
    FindBins();
    if (found_.bins.count < kBins) return;
    CountInBins(ByteCounts(counts), values, found_.bins, Counts());
  }

  void FindBins() {
    if (!with_histogram_) return;
    const Moments& moments = found_.moments;
    found_.bins = MakeBins(moments.low, moments.high);
    found_.counts.assign(found_.bins.count, 0);
    if (found_.bins.count == 1) found_.counts[0] = moments.count;
  }

  BinSpan Counts() { return BinSpan(found_.counts.data(), kBins); }

  const Stored stored_;
  const bool with_histogram_;
  std::vector<std::unique_ptr<OnePiece>> pieces_;
  std::mutex mutex_;
  std::unique_ptr<AllByteCounts> bytes_;
  NumberStatistics found_;
  bool is_done_ = false;
};

// The second look, at tensors whose bins are known.
class SecondLook : public TensorLook, public PieceLook {
 public:
  SecondLook(const Stored& stored, NumberStatistics* found)
      : stored_(stored), found_(found) {}

  PieceLook* OfPiece(const Piece&) override { return this; }

  void Look(std::uint64_t begin, std::uint64_t end,
            const std::uint8_t* bytes) override {
    const auto size = static_cast<std::size_t>(end - begin);
    const DType dtype = stored_.form.dtype;
    std::uint64_t counts[kBins] = {};
    WithMachineOrder(stored_, bytes, size, [&](const auto* numbers) {
      CountInBins(dtype, numbers, size / ElementSize(dtype), found_->bins,
                  counts);
    });
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::size_t i = 0; i < kBins; ++i) found_->counts[i] += counts[i];
  }

  void Finish() {
    LeaveOut(found_->moments, BinSpan(found_->counts.data(), kBins));
  }

 private:
  const Stored stored_;
  NumberStatistics* const found_;
  std::mutex mutex_;
};

// Shows tensors to those who look at them: (index, look) of some.
struct Viewer {
  std::size_t index;
  TensorLook* look;
};
using Show = std::function<void(std::span<const Viewer> viewers,
                                const RunOptions& options)>;

bool MayNeedMore(const Stored& stored) {
  return stored.form.bytes == nullptr && !IsSeenWhole(stored.size_bytes);
}

// The tensors that were looked at, and what is left to be done with them.
class Survey {
 public:
  Survey(std::vector<Stored> all, bool with_histogram, const Show& show,
         const RunOptions& options)
      : all_(std::move(all)),
        with_histogram_(with_histogram),
        show_(show),
        options_(options) {}

  std::vector<NumberStatistics> Run() {
    if (with_histogram_ && options_.progress) {
      for (const Stored& stored : all_) {
        if (MayNeedMore(stored)) options_.progress->total += stored.size_bytes;
      }
    }
    LookOnce();
    if (with_histogram_) LookAgain();
    return std::move(found_);
  }

 private:
  void LookOnce() {
    std::vector<std::unique_ptr<FirstLook>> looks;
    std::vector<Viewer> viewers;
    for (const Stored& stored : all_) {
      looks.push_back(std::make_unique<FirstLook>(stored, with_histogram_));
      viewers.push_back({viewers.size(), looks.back().get()});
    }
    show_(viewers, options_);
    for (const auto& look : looks) found_.push_back(look->Finish());
  }

  void LookAgain() {
    std::vector<std::unique_ptr<SecondLook>> looks;
    std::vector<Viewer> viewers;
    RunOptions options = options_;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!MayNeedMore(all_[i])) continue;
      if (found_[i].bins.count == kBins) {
        looks.push_back(std::make_unique<SecondLook>(all_[i], &found_[i]));
        viewers.push_back({i, looks.back().get()});
        options.counted += all_[i].size_bytes;
      } else if (options.progress) {
        options.progress->done += all_[i].size_bytes;
      }
    }
    if (viewers.empty()) return;
    show_(viewers, options);
    for (const auto& look : looks) look->Finish();
  }

  const std::vector<Stored> all_;
  const bool with_histogram_;
  const Show& show_;
  const RunOptions& options_;
  std::vector<NumberStatistics> found_;
};

}  // namespace

std::vector<NumberStatistics> DescribeTensors(
    const TensorSource& source, std::span<const NumberTensor> tensors,
    bool with_histogram, CheckRule rule, const RunOptions& options) {
  std::vector<Stored> all;
  for (const NumberTensor& tensor : tensors) {
    const TensorFacts facts = source.Facts(tensor.slot);
    const std::uint64_t count = ElementCount(facts.dims);
    all.push_back({tensor.form, source.LayoutOf(tensor.slot).swap_unit,
                   count * ElementSize(facts.dtype)});
  }
  const Show show = [&](std::span<const Viewer> viewers,
                        const RunOptions& run) {
    std::vector<WantedRegion> wanted;
    for (const Viewer& viewer : viewers) {
      wanted.push_back({tensors[viewer.index].slot, nullptr, nullptr,
                        viewer.look});
    }
    CopyRegions(source, wanted, rule, [](std::size_t) { return Destination{}; },
                run);
  };
  return Survey(std::move(all), with_histogram, show, options).Run();
}

NumberStatistics DescribeNumbers(const NumberForm& form, ByteView numbers,
                                 const RunOptions& options) {
  Piece piece;
  piece.memory = numbers;
  const Show show = [&](std::span<const Viewer> viewers,
                        const RunOptions& run) {
    PieceTask task;
    task.piece = &piece;
    task.look = viewers.front().look->OfPiece(piece);
    if (!RunTasks({task}, run)) throw Interrupted{};
  };
  return std::move(
      Survey({{form, 1, numbers.size()}}, true, show, options).Run().front());
}

}  // namespace fastckpt::internal
