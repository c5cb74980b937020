#include "fastckpt/read/verify.h"

#include <algorithm>
#include <utility>

#include "fastckpt/read/fetch_ahead.h"
#include "fastckpt/read/problems.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt::internal {
namespace {

class BundleVerifier {
 public:
  BundleVerifier(const BundleSource& source, const RunOptions& options)
      : source_(source), options_(options) {}

  VerifyResult Run() {
    CheckIndex();
    FindTensors();
    for (std::size_t slot = 0; slot < source_.slot_count(); ++slot) {
      Catch(slot, [&] { Prepare(slot); });
    }
    RunOptions options = options_;
    std::vector<PieceTask> tasks = Tasks();
    std::vector<bool> is_wrong(tasks.size());
    options.on_error = [&](std::size_t task, const Error& error) {
      is_wrong[task] = true;
      problems_.Add(task_slots_[task], error);
    };
    const bool is_complete = RunTasks(tasks, options);
    if (is_complete) NoteRight(tasks, is_wrong);
    result_.was_interrupted = !is_complete || !CheckEncoded();
    for (Error& error : problems_.Take()) {
      result_.problems.push_back(std::move(error));
    }
    return std::move(result_);
  }

 private:
  // What was found right need not be checked again.
  static void NoteRight(const std::vector<PieceTask>& tasks,
                        const std::vector<bool>& is_wrong) {
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const Piece& piece = *tasks[i].piece;
      if (!is_wrong[i]) piece.state->Finish(/*is_right=*/true, piece.stamp);
    }
  }

  // The index may have changed since it was opened.
  void CheckIndex() {
    Problems problems;
    problems.Catch(0, [&] {
      const BundleIndex again = source_.ReadIndexAgain();
      result_.bytes_checked += again.file_size();
      if (again.identity() == source_.index().identity()) return;
      ThrowCorruption("the index was replaced since the checkpoint was opened",
                      Where{source_.FindIndexPath(), {}, {}});
    });
    result_.problems = problems.Take();
  }

  // A stored slice is a part of a tensor, which is what people know by name.
  void FindTensors() {
    const BundleIndex& index = source_.index();
    tensors_.resize(index.entry_count());
    for (std::size_t slot = 0; slot < tensors_.size(); ++slot) {
      if (!index.entry(slot).is_hidden) tensors_[slot] = slot;
      for (const SliceSpec& spec : index.slices(slot)) {
        const auto part = index.Find(SliceKey(index.name(slot), spec));
        if (part && index.entry(*part).is_hidden) tensors_[*part] = slot;
      }
    }
  }

  std::string_view TensorName(std::size_t slot) const {
    return source_.index().name(tensors_[slot]);
  }

  // Runs `work`, keeps the Error that leaves it and names the slot's tensor.
  template <typename Work>
  void Catch(std::size_t slot, Work&& work) {
    problems_.Catch(slot, [&] {
      WithContext(Where{{}, {}, std::string(TensorName(slot))},
                  std::forward<Work>(work));
    });
  }

  // Checks an entry's meaning and notes what of it is stored.
  void Prepare(std::size_t slot) {
    const DType dtype = source_.Facts(slot).dtype;
    const bool is_variant = dtype == DType::kVariant;
    if (!is_variant) source_.CheckMeaning(slot);
    if (source_.index().IsSliced(slot)) return;
    Piece piece = source_.StoredPiece(slot, &seen_);
    result_.bytes_checked += piece.size;
    if (is_variant || dtype == DType::kString) {
      encoded_.emplace_back(slot, std::move(piece));
    } else {
      task_slots_.push_back(slot);
      pieces_.push_back(std::move(piece));
    }
  }

  std::vector<PieceTask> Tasks() {
    std::vector<std::size_t> order(pieces_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return std::pair(pieces_[a].file, pieces_[a].offset) <
             std::pair(pieces_[b].file, pieces_[b].offset);
    });
    std::vector<PieceTask> tasks;
    std::vector<std::size_t> slots;
    for (const std::size_t i : order) {
      PieceTask& task = tasks.emplace_back();
      task.piece = &pieces_[i];
      task.name = TensorName(task_slots_[i]);
      slots.push_back(task_slots_[i]);
    }
    task_slots_ = std::move(slots);
    return tasks;
  }

  // Strings and variants have checksums over more than their bytes.
  bool CheckEncoded() {
    const RangeFetcher* fetcher = source_.fetcher();
    if (fetcher == nullptr) return CheckEncoded(0, encoded_.size(), nullptr);
    const auto ranges_of = [&](std::size_t i) -> std::vector<RangeRequest> {
      const Piece& piece = encoded_[i].second;
      return {{piece.file->remote()->number(), piece.offset, piece.size}};
    };
    return WithRanges(
        *fetcher, {encoded_.size(), ranges_of, /*is_lenient=*/true}, options_,
        [&](std::size_t begin, std::size_t end, const FetchedRanges& fetched) {
          return CheckEncoded(begin, end, &fetched);
        });
  }

  bool CheckEncoded(std::size_t begin, std::size_t end,
                    const FetchedRanges* fetched) {
    return ParallelFor(
        end - begin, options_.threads,
        [&](std::size_t i) {
          const FetchedRanges::Scope scope(fetched);
          // Not a structured binding: clang 14 captures none in a lambda.
          const std::size_t slot = encoded_[begin + i].first;
          const Piece& piece = encoded_[begin + i].second;
          Catch(slot, [&] { CheckPiece(slot, piece); });
        },
        options_.interrupted);
  }

  void CheckPiece(std::size_t slot, const Piece& piece) const {
    WithContext(Where{piece.file->path(), piece.offset, {}}, [&] {
      const TensorFacts facts = source_.Facts(slot);
      Scratch scratch;
      const ByteView stored = piece.file->Fetch(
          piece.offset, static_cast<std::size_t>(piece.size), &scratch);
      const std::uint64_t count = ElementCount(facts.dims);
      if (facts.dtype == DType::kVariant) {
        CheckVariants(stored, count, piece.crc32c);
      } else {
        piece.state->Note(piece.stamp, [&] {
          return ParseStrings(stored, count, piece.crc32c,
                              source_.index().header().endianness == 1, true);
        });
      }
    });
  }

  const BundleSource& source_;
  const RunOptions& options_;
  VerifyResult result_;
  Problems problems_;
  SeenFiles seen_;
  std::vector<std::size_t> tensors_;     // the slot of each slot's tensor
  std::vector<std::size_t> task_slots_;  // the slot of each piece or task
  std::vector<Piece> pieces_;
  std::vector<std::pair<std::size_t, Piece>> encoded_;
};

}  // namespace

VerifyResult VerifyBundle(const BundleSource& source,
                          const RunOptions& options) {
  return BundleVerifier(source, options).Run();
}

}  // namespace fastckpt::internal
