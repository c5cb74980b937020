// NumberLooks: those who look at the numbers of one tensor, a first and maybe a
// second time.
//
// Thread-safety: as PieceLook; what is found is for one thread, once all was
// looked at.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "fastckpt/codec/bin_counts.h"
#include "fastckpt/codec/bins.h"
#include "fastckpt/codec/moments.h"
#include "fastckpt/codec/value_counts.h"
#include "fastckpt/read/region_copy.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {

// What numbers are: of a type that HasMoments, or of one byte each, and then
// `bytes` are the 256 numbers that these stand for, and outlive the call.
struct NumberForm {
  DType dtype = DType::kInvalid;
  const double* bytes = nullptr;
};

struct NumberStatistics {
  Moments moments;
  // As many counts as bins. None of both unless they were asked for.
  Bins bins;
  std::vector<std::uint64_t> counts;
};

// What is read in one go is seen whole, and looked at twice at once.
inline bool IsSeenWhole(std::uint64_t size_bytes) {
  return size_bytes <= kLookStep;
}

// From here on numbers of one or two bytes are counted by their values.
inline constexpr std::uint64_t kManyBytes = 2 << 20;

// Numbers as they lie in a file.
struct Stored {
  NumberForm form;
  std::size_t swap_unit;
  std::uint64_t size_bytes;  // of the whole tensor
};

inline bool CountsValues(const Stored& stored) {
  return stored.form.bytes != nullptr || (ElementSize(stored.form.dtype) == 2 &&
                                          stored.size_bytes >= kManyBytes);
}

// Calls work(bytes), with the bytes in the machine's order.
template <typename Work>
void WithMachineOrder(const Stored& stored, const std::uint8_t* bytes,
                      std::size_t size, Work&& work) {
  if (stored.swap_unit == 1) return work(bytes);
  Scratch swapped(bytes, bytes + size);
  SwapUnits(swapped.data(), size, stored.swap_unit);
  work(swapped.data());
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

  // What was found; the counts of the bins may be still to come.
  NumberStatistics Finish() {
    if (is_done_) return std::move(found_);
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
      if (whole->counts_values_) return;
      groups.resize(
          static_cast<std::size_t>((size + kLookGroup - 1) / kLookGroup));
    }

    void Look(std::uint64_t begin, std::uint64_t end,
              const std::uint8_t* bytes) override {
      const auto size = static_cast<std::size_t>(end - begin);
      WithMachineOrder(look->stored_, bytes, size, [&](const auto* numbers) {
        if (look->counts_values_) {
          look->CountValues(*this, numbers, size);
        } else {
          look->LookAt(this, begin, numbers, size);
        }
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

  void CountValues(const OnePiece& piece, const std::uint8_t* numbers,
                   std::size_t size) {
    if (piece.is_all) {
      AllByteCounts counts = {};
      CountBytes(numbers, size, counts);
      return FinishValues(counts);
    }
    words_.Add(numbers, size);
    // Who sees the last of it frees the tables; other tensors need theirs.
    if (left_.fetch_sub(size, std::memory_order_acq_rel) > size) return;
    FinishValues(stored_.form.bytes ? words_.CountBytes()
                                    : words_.CountWords());
    words_.Clear();
  }

  void FinishValues(std::span<const std::uint64_t> counts) {
    std::vector<double> of_words;
    std::span<const double> values(stored_.form.bytes, kByteValues);
    if (!stored_.form.bytes) {
      of_words = WordValues(stored_.form.dtype);
      values = of_words;
    }
    found_.moments = MomentsOfCounts(counts, values);
    FindBins();
    if (found_.bins.count == kBins) {
      CountInBins(counts, values, found_.bins, Counts());
    }
    is_done_ = true;
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
  const bool counts_values_ = CountsValues(stored_);
  WordCounter words_;
  std::atomic<std::uint64_t> left_{stored_.size_bytes};  // to be counted
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

}  // namespace fastckpt::internal
