#include "fastckpt/read/verify.h"

#include <algorithm>
#include <map>
#include <utility>

#include "fastckpt/base/error.h"
#include "fastckpt/read/fetch_ahead.h"
#include "fastckpt/read/problems.h"
#include "fastckpt/v2/string_tensor.h"

namespace fastckpt::internal {
namespace {

// After so many bytes that are looked at again an interrupt is asked for.
constexpr std::uint64_t kAskEvery = 64 << 20;

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
    if (!result_.was_interrupted) LookAtWrong(tasks, is_wrong);
    problems_.MoveTo(&result_.problems, &result_.damages);
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
    problems.MoveTo(&result_.problems, &result_.damages);
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
    Piece piece = OpenPiece(slot);
    result_.bytes_checked += piece.size;
    if (is_variant || dtype == DType::kString) {
      encoded_.emplace_back(slot, std::move(piece));
    } else {
      task_slots_.push_back(slot);
      pieces_.push_back(std::move(piece));
    }
  }

  // A file that is missing is looked for once, however much it is to hold.
  Piece OpenPiece(std::size_t slot) {
    const std::int32_t shard = source_.Facts(slot).shard;
    const auto known = missing_.find(shard);
    if (known != missing_.end()) throw Error(known->second);
    try {
      return source_.StoredPiece(slot, &seen_);
    } catch (const Error& error) {
      if (HasCode(error, std::errc::no_such_file_or_directory)) {
        missing_.emplace(shard, error);
      }
      throw;
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

  // Looks again at what is wrong: the cause may be seen there.
  void LookAtWrong(const std::vector<PieceTask>& tasks,
                   const std::vector<bool>& is_wrong) {
    std::map<const DataFile*, DamageSigns> signs;
    std::uint64_t looked_at = 0;
    const auto look = [&](std::size_t slot, const Piece& piece,
                          std::optional<std::uint32_t> crc) {
      // Elsewhere each glance would be a request.
      if (piece.file->remote() != nullptr) return;
      looked_at += piece.size;
      if (looked_at > kAskEvery && options_.interrupted) {
        looked_at = 0;
        result_.was_interrupted =
            result_.was_interrupted || options_.interrupted();
      }
      if (result_.was_interrupted) return;
      try {
        auto& found = signs.try_emplace(piece.file, *piece.file).first->second;
        problems_.Note(slot, found.Find(piece.offset, piece.size, crc));
      } catch (const Error&) {
        // Its bytes cannot be read, as the problem itself says.
      }
    };
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const Piece& piece = *tasks[i].piece;
      if (is_wrong[i]) look(task_slots_[i], piece, piece.crc32c);
    }
    // Their checksums are not of the stored bytes alone.
    for (const auto& [slot, piece] : encoded_) {
      if (problems_.Find(slot)) look(slot, piece, std::nullopt);
    }
  }

  const BundleSource& source_;
  const RunOptions& options_;
  VerifyResult result_;
  Problems problems_;
  SeenFiles seen_;
  std::map<std::int32_t, Error> missing_;  // by shard
  std::vector<std::size_t> tensors_;       // the slot of each slot's tensor
  std::vector<std::size_t> task_slots_;    // the slot of each piece or task
  std::vector<Piece> pieces_;
  std::vector<std::pair<std::size_t, Piece>> encoded_;
};

}  // namespace

VerifyResult VerifyBundle(const BundleSource& source,
                          const RunOptions& options) {
  return BundleVerifier(source, options).Run();
}

}  // namespace fastckpt::internal
