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
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "fastckpt/codec/bin_counts.h"
#include "fastckpt/codec/bins.h"
#include "fastckpt/codec/integer_sums.h"
#include "fastckpt/codec/moments.h"
#include "fastckpt/codec/value_counts.h"
#include "fastckpt/platform/float_mode.h"
#include "fastckpt/read/region_copy.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {

// What numbers are: of a type that HasMoments, or of one byte each, and then
// `bytes` are the 256 numbers that these stand for, and outlive the call.
struct NumberForm {
  DType dtype = DType::kInvalid;
  const double* bytes = nullptr;
  // What MakeForm finds; who does not say it loses time.
  Integers integers = Integers::kNone;
};

inline NumberForm MakeForm(DType dtype, const double* bytes) {
  if (bytes == nullptr) return {dtype, nullptr, IntegersOf(dtype)};
  return {dtype, bytes, IntegersOf(std::span(bytes, kByteValues))};
}

struct NumberStatistics {
  Moments moments;
  // As many as BinsOf(moments) are. None unless they were asked for.
  std::vector<std::uint64_t> counts;
};

// In whatever mode the thread computes.
inline Bins BinsOf(const Moments& moments) {
  const PlainFloatMode mode;
  return MakeBins(moments.low, moments.high);
}

// What is read in one go is seen whole, and looked at twice at once.
constexpr bool IsSeenWhole(std::uint64_t size_bytes) {
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

// How numbers are looked at first: as any, as integers whose sums are exact, or
// as values that are counted, which tells all of them at once; of floats of two
// bytes all but their moments, which are those of any numbers.
enum class Way { kMoments, kIntegers, kCounts };

inline Way FirstWay(const Stored& stored, bool with_histogram) {
  const bool are_integers = stored.form.integers != Integers::kNone;
  if (are_integers && !with_histogram) return Way::kIntegers;
  const bool are_many = ElementSize(stored.form.dtype) == 2 &&
                        stored.size_bytes >= kManyBytes && with_histogram;
  if (stored.form.bytes || are_many) return Way::kCounts;
  return are_integers ? Way::kIntegers : Way::kMoments;
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
  FirstLook(const Stored& stored, bool with_histogram, NumberStatistics* found)
      : stored_(stored), with_histogram_(with_histogram), found_(found) {
    if (way_ == Way::kCounts) words_ = std::make_unique<WordCounter>();
  }

  PieceLook* OfPiece(const Piece& piece) override {
    return &pieces_.emplace_back(this, piece);
  }

  // Whether the counts of the bins are there, too.
  bool is_done() const { return is_done_; }

  // Ends that; the counts of the bins may be still to come.
  void Finish() {
    if (is_done_) return;
    if (way_ == Way::kIntegers) {
      found_->moments = MomentsOf(integers_, UnitOf(stored_.form.integers));
    }
    MergeGroups();
    FindBins();
  }

 private:
  struct OnePiece : PieceLook {
    OnePiece(FirstLook* whole, const Piece& piece) : look(whole) {
      const std::uint64_t size = piece.file ? piece.size : piece.memory.size();
      is_all = size == whole->stored_.size_bytes && IsSeenWhole(size);
      if (!whole->has_groups_ || is_all) return;
      groups.resize(
          static_cast<std::size_t>((size + kLookGroup - 1) / kLookGroup));
    }

    void Look(std::uint64_t begin, std::uint64_t end,
              const std::uint8_t* bytes) override {
      const auto size = static_cast<std::size_t>(end - begin);
      WithMachineOrder(look->stored_, bytes, size, [&](const auto* numbers) {
        if (look->way_ == Way::kCounts) {
          look->CountValues(this, begin, numbers, size);
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
    if (way_ == Way::kIntegers) {
      IntegerSums sums;
      AddIntegers(stored_.form.integers, numbers, count, &sums);
      if (!piece->is_all) return Merge(sums);
      found_->moments = MomentsOf(sums, UnitOf(stored_.form.integers));
    } else if (!piece->is_all) {
      const auto group = static_cast<std::size_t>(begin / kLookGroup);
      return AddMoments(dtype, numbers, count, &piece->groups[group]);
    } else {
      AddMoments(dtype, numbers, count, &found_->moments);
    }
    const Bins bins = FindBins();
    if (bins.count == kBins) {
      CountInBins(dtype, numbers, count, bins, Counts());
      LeaveOut(found_->moments, Counts());
    }
    is_done_ = true;
  }

  void Merge(const IntegerSums& sums) {
    const std::lock_guard<std::mutex> lock(mutex_);
    MergeIntegers(sums, &integers_);
  }

  void MergeGroups() {
    for (const auto& piece : pieces_) {
      for (const Moments& group : piece.groups) {
        MergeMoments(group, &found_->moments);
      }
    }
  }

  void CountValues(OnePiece* piece, std::uint64_t begin,
                   const std::uint8_t* numbers, std::size_t size) {
    if (piece->is_all) {
      AllByteCounts counts = {};
      CountBytes(numbers, size, counts);
      return FinishValues(counts);
    }
    if (has_groups_) {
      const auto group = static_cast<std::size_t>(begin / kLookGroup);
      words_->AddHalves(stored_.form.dtype, numbers, size,
                        &piece->groups[group]);
    } else {
      words_->Add(numbers, size);
    }
    // Who sees the last of it frees the tables; other tensors need theirs.
    if (left_.fetch_sub(size, std::memory_order_acq_rel) > size) return;
    FinishValues(stored_.form.bytes ? words_->CountBytes()
                                    : words_->CountWords());
    words_->Clear();
  }

  void FinishValues(std::span<const std::uint64_t> counts) {
    std::vector<double> of_words;
    std::span<const double> values(stored_.form.bytes, kByteValues);
    if (!stored_.form.bytes) {
      of_words = WordValues(stored_.form.dtype);
      values = of_words;
    }
    if (has_groups_) {
      MergeGroups();
    } else if (stored_.form.integers != Integers::kNone) {
      const double unit = UnitOf(stored_.form.integers);
      found_->moments = MomentsOf(SumsOfCounts(counts, values, unit), unit);
    } else {
      found_->moments = MomentsOfCounts(counts, values);
    }
    const Bins bins = FindBins();
    if (bins.count == kBins) CountInBins(counts, values, bins, Counts());
    is_done_ = true;
  }

  // None unless they are asked for.
  Bins FindBins() {
    if (!with_histogram_) return {};
    const Bins bins = BinsOf(found_->moments);
    found_->counts.assign(bins.count, 0);
    if (bins.count == 1) found_->counts[0] = found_->moments.count;
    return bins;
  }

  BinSpan Counts() { return BinSpan(found_->counts.data(), kBins); }

  const Stored stored_;
  const bool with_histogram_;
  NumberStatistics* const found_;
  std::list<OnePiece> pieces_;
  const Way way_ = FirstWay(stored_, with_histogram_);
  // Whether moments are those of groups, put together.
  const bool has_groups_ = way_ == Way::kMoments ||
                           (way_ == Way::kCounts && IsHalf(stored_.form.dtype));
  std::mutex mutex_;
  IntegerSums integers_;
  // Null unless values are counted.
  std::unique_ptr<WordCounter> words_;
  std::atomic<std::uint64_t> left_{stored_.size_bytes};  // to be counted
  bool is_done_ = false;
};

// The second look, at tensors whose bins are known.
class SecondLook : public TensorLook, public PieceLook {
 public:
  SecondLook(const Stored& stored, NumberStatistics* found)
      : stored_(stored), found_(found), bins_(BinsOf(found->moments)) {}

  PieceLook* OfPiece(const Piece&) override { return this; }

  void Look(std::uint64_t begin, std::uint64_t end,
            const std::uint8_t* bytes) override {
    const auto size = static_cast<std::size_t>(end - begin);
    const DType dtype = stored_.form.dtype;
    std::uint64_t counts[kBins] = {};
    WithMachineOrder(stored_, bytes, size, [&](const auto* numbers) {
      CountInBins(dtype, numbers, size / ElementSize(dtype), bins_, counts);
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
  const Bins bins_;
  std::mutex mutex_;
};

}  // namespace fastckpt::internal
