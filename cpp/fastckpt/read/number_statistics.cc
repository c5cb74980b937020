#include "fastckpt/read/number_statistics.h"

#include <functional>
#include <memory>
#include <utility>

#include "fastckpt/platform/float_mode.h"
#include "fastckpt/read/number_looks.h"
#include "fastckpt/read/region_copy.h"

namespace fastckpt::internal {
namespace {

// Shows tensors to those who look at them: (index, look) of some.
struct Viewer {
  std::size_t index;
  TensorLook* look;
};
using Show = std::function<void(std::span<const Viewer> viewers, CheckRule rule,
                                const RunOptions& options)>;

bool MayNeedMore(const Stored& stored) {
  return !CountsValues(stored) && !IsSeenWhole(stored.size_bytes);
}

// The tensors that were looked at, and what is left to be done with them.
class Survey {
 public:
  Survey(std::vector<Stored> all, bool with_histogram, const Show& show,
         CheckRule rule, const RunOptions& options)
      : all_(std::move(all)),
        with_histogram_(with_histogram),
        show_(show),
        rule_(rule),
        options_(options) {}

  std::vector<NumberStatistics> Run() {
    // What the threads found is put together here.
    const PlainFloatMode mode;
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
    show_(viewers, rule_, options_);
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
    // They were found right a moment ago, but are read anew.
    show_(viewers, rule_, options);
    for (const auto& look : looks) look->Finish();
  }

  const std::vector<Stored> all_;
  const bool with_histogram_;
  const Show& show_;
  const CheckRule rule_;
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
  const Show show = [&](std::span<const Viewer> viewers, CheckRule how,
                        const RunOptions& run) {
    std::vector<WantedRegion> wanted;
    for (const Viewer& viewer : viewers) {
      wanted.push_back(
          {tensors[viewer.index].slot, nullptr, nullptr, viewer.look});
    }
    CopyRegions(
        source, wanted, how, [](std::size_t) { return Destination{}; }, run);
  };
  return Survey(std::move(all), with_histogram, show, rule, options).Run();
}

NumberStatistics DescribeNumbers(const NumberForm& form, ByteView numbers,
                                 const RunOptions& options) {
  Piece piece;
  piece.memory = numbers;
  const Show show = [&](std::span<const Viewer> viewers, CheckRule,
                        const RunOptions& run) {
    PieceTask task;
    task.piece = &piece;
    task.look = viewers.front().look->OfPiece(piece);
    if (!RunTasks({task}, run)) throw Interrupted{};
  };
  return std::move(Survey({{form, 1, numbers.size()}}, true, show,
                          CheckRule::kNever, options)
                       .Run()
                       .front());
}

}  // namespace fastckpt::internal
