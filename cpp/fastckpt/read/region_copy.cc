#include "fastckpt/read/region_copy.h"

#include <cstdint>
#include <optional>
#include <unordered_set>
#include <utility>

#include "fastckpt/read/piece_check.h"
#include "fastckpt/read/slot_groups.h"
#include "fastckpt/read/view_check.h"

namespace fastckpt::internal {
namespace {

// Decoded values of V1 tensors that wait to be copied, at most.
constexpr std::uint64_t kMaxDecoded = 128 << 20;

// One tensor whose pieces become tasks.
struct Target {
  TensorFacts facts;
  Layout layout;
  Region region;
  Destination destination;
};

// True if the one piece goes to its destination as it lies.
bool IsDenseCopy(const Target& target) {
  return target.layout.swap_unit == 1 &&
         IsWhole(target.region, target.facts.dims) &&
         IsDense(target.region, target.destination, target.layout.item_size);
}

Box BoxOf(const Target& target, const Piece& piece) {
  const bool is_all = piece.box.extent.empty();
  return is_all ? WholeBox(target.facts.dims) : piece.box;
}

std::optional<StridedCopy> MakeStrided(const Target& target,
                                       const Piece& piece) {
  return StridedCopy::Make(BoxOf(target, piece), target.region,
                           target.destination, target.layout.item_size,
                           target.layout.swap_unit);
}

std::optional<CastCopy> MakeCast(const Target& target, const Piece& piece,
                                 CastTo* to) {
  return CastCopy::Make(target.facts.dtype, to, BoxOf(target, piece),
                        target.facts.dims, target.destination,
                        target.layout.swap_unit);
}

// Notes that what they checked is right.
void NoteRight(const std::vector<PieceTask>& tasks) {
  for (const PieceTask& task : tasks) {
    const Piece& piece = *task.piece;
    if (task.check && piece.state) piece.state->Finish(true, piece.stamp);
  }
}

// What one batch of regions comes to.
struct Batch {
  UncheckedViews unchecked;  // to be checked before anything is copied
  std::vector<PieceTask> tasks;
  // What the tasks check: several regions of a piece check it once.
  std::unordered_set<const CheckState*> on_the_way;
};

class RegionCopier {
 public:
  RegionCopier(const TensorSource& source, CheckRule rule,
               const MakeDestination& make, const RunOptions& options)
      : source_(source), rule_(rule), make_(make), options_(options) {}

  // The regions of one batch, of which the first has this index.
  void CopyBatch(std::span<const WantedRegion> wanted,
                 std::size_t first) const {
    const std::vector<std::vector<Piece>> pieces = FindPieces(wanted);
    Batch batch;
    batch.tasks.reserve(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      AddTasks(wanted[i], pieces[i], make_(first + i), &batch);
    }
    CheckApart(batch.unchecked);
    RunInFileOrder(&batch.tasks, options_);
    NoteRight(batch.tasks);
  }

  // The pieces of one batch; throws where they are not there.
  std::vector<std::vector<Piece>> FindPieces(
      std::span<const WantedRegion> wanted) const {
    std::vector<std::vector<Piece>> pieces(wanted.size());
    const bool check = rule_ != CheckRule::kNever;
    const auto find = [&](std::size_t i, SeenFiles* seen) {
      AppendPieces(source_, wanted[i], RuleOf(wanted[i]), seen, &pieces[i]);
    };
    if (!source_.DecodesPieces()) {
      SeenFiles seen;
      for (std::size_t i = 0; i < wanted.size(); ++i) find(i, &seen);
      return pieces;
    }
    std::vector<std::size_t> slots;
    SlotReads how{!check};
    const bool is_remote = source_.fetcher() != nullptr;
    for (const WantedRegion& one : wanted) {
      slots.push_back(one.slot);
      if (!is_remote) continue;
      how.regions.push_back(one.region);
      how.rules.push_back(RuleOf(one));
    }
    if (!ForEachSlot(source_, slots, options_, find, how)) throw Interrupted{};
    return pieces;
  }

  // Checks those that lie in files; others were checked when they were found.
  std::uint64_t CheckFound(std::span<const WantedRegion> wanted,
                           std::span<const std::vector<Piece>> pieces) const {
    Batch batch;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      for (const Piece& piece : pieces[i]) {
        bytes += AddCheck(wanted[i], piece, &batch);
      }
    }
    if (options_.progress) options_.progress->total += bytes;
    CheckApart(batch.unchecked);
    RunInFileOrder(&batch.tasks, Uncounted());
    NoteRight(batch.tasks);
    return bytes;
  }

  // How many of the regions make the first batch.
  std::size_t BatchSize(std::span<const WantedRegion> wanted) const {
    if (!source_.DecodesPieces()) return wanted.size();
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      bytes += source_.Facts(wanted[i].slot).size;
      if (i > 0 && bytes > kMaxDecoded) return i;
    }
    return wanted.size();
  }

 private:
  // Of a run whose bytes are no part of `options_.counted`.
  RunOptions Uncounted() const {
    RunOptions options = options_;
    options.counted = 0;
    return options;
  }

  void CheckApart(const UncheckedViews& unchecked) const {
    if (unchecked.pieces.empty()) return;
    CheckViews(source_, unchecked, Uncounted(), /*may_wait=*/true);
  }

  CheckRule RuleOf(const WantedRegion& wanted) const {
    return wanted.is_checked ? CheckRule::kAlways : rule_;
  }

  bool IsFull(const WantedRegion& wanted, const Piece& piece) const {
    if (wanted.region == nullptr) return true;
    const Dims dims = source_.DimsOf(wanted.slot);
    const Box box = piece.box.extent.empty() ? WholeBox(dims) : piece.box;
    return CountInside(box, *wanted.region) == ElementCount(box.extent);
  }

  // Adds the check of a piece that is to be copied later; gives the bytes that
  // the copy will check again.
  std::uint64_t AddCheck(const WantedRegion& wanted, const Piece& piece,
                         Batch* batch) const {
    const bool is_full = IsFull(wanted, piece);
    const Check how = HowToCheck(RuleOf(wanted), piece, is_full, /*taken=*/0);
    if (how == Check::kNot) return 0;
    const bool is_known = piece.state->IsDone(piece.stamp);
    if (!is_known && piece.size <= kSmallPiece) {
      if (batch->on_the_way.insert(piece.state).second) {
        batch->tasks.emplace_back().piece = &piece;
        batch->tasks.back().name = source_.Name(wanted.slot);
      }
    } else if (!is_known) {
      batch->unchecked.pieces.push_back(piece);
      batch->unchecked.slots.push_back(wanted.slot);
    }
    return is_full ? piece.size : 0;
  }

  void AddTasks(const WantedRegion& wanted, const std::vector<Piece>& pieces,
                Destination destination, Batch* batch) const {
    const TensorFacts facts = source_.Facts(wanted.slot);
    const Target target{
        facts, source_.LayoutOf(wanted.slot),
        wanted.region ? *wanted.region : WholeRegion(facts.dims),
        std::move(destination)};
    const bool is_dense =
        !wanted.look && pieces.size() == 1 && IsDenseCopy(target);
    for (const Piece& piece : pieces) {
      PieceTask task;
      task.piece = &piece;
      task.name = facts.name;
      if (wanted.look) {
        task.look = wanted.look->OfPiece(piece);
      } else if (wanted.cast) {
        task.cast = MakeCast(target, piece, wanted.cast);
      } else if (is_dense) {
        task.dense = target.destination.base;
      } else {
        task.strided = MakeStrided(target, piece);
      }
      task.check = ChecksOnTheWay(wanted, task, batch);
      const bool takes = task.dense || task.strided || task.cast || task.look;
      if (!takes && !task.check) continue;
      batch->tasks.push_back(std::move(task));
    }
  }

  // Whether a task checks its piece; notes where it is to be checked before.
  bool ChecksOnTheWay(const WantedRegion& wanted, const PieceTask& task,
                      Batch* batch) const {
    const Piece& piece = *task.piece;
    const bool is_full = task.dense || task.cast || IsFull(wanted, piece);
    const std::uint64_t taken = task.strided ? task.strided->run_bytes() : 0;
    switch (HowToCheck(RuleOf(wanted), piece, is_full, taken)) {
      case Check::kNot:
        return false;
      case Check::kOnTheWay:
        return batch->on_the_way.insert(piece.state).second || is_full;
      case Check::kBefore:
        batch->unchecked.pieces.push_back(piece);
        batch->unchecked.slots.push_back(wanted.slot);
        return false;
    }
    return true;
  }

  const TensorSource& source_;
  const CheckRule rule_;
  const MakeDestination& make_;
  const RunOptions& options_;
};

// A batch may end before it asks for the first time.
void AskBetweenBatches(const RunOptions& options) {
  if (options.interrupted && options.interrupted()) throw Interrupted{};
}

}  // namespace

void AppendPieces(const TensorSource& source, const WantedRegion& wanted,
                  CheckRule rule, SeenFiles* seen, std::vector<Piece>* pieces) {
  WithName(source, wanted.slot, [&] {
    source.AppendPieces(wanted.slot, wanted.region, rule, seen, pieces);
  });
}

void CopyRegions(const TensorSource& source,
                 std::span<const WantedRegion> wanted, CheckRule rule,
                 const MakeDestination& make, const RunOptions& options) {
  const RegionCopier copier(source, rule, make, options);
  std::size_t first = 0;
  while (first < wanted.size()) {
    const std::size_t size = copier.BatchSize(wanted.subspan(first));
    copier.CopyBatch(wanted.subspan(first, size), first);
    first += size;
    if (first < wanted.size()) AskBetweenBatches(options);
  }
}

std::uint64_t CheckRegions(const TensorSource& source,
                           std::span<const WantedRegion> wanted, CheckRule rule,
                           const RunOptions& options) {
  const MakeDestination none;
  const RegionCopier copier(source, rule, none, options);
  std::uint64_t counted = 0;
  while (!wanted.empty()) {
    const std::size_t size = copier.BatchSize(wanted);
    const auto batch = wanted.first(size);
    counted += copier.CheckFound(batch, copier.FindPieces(batch));
    wanted = wanted.subspan(size);
    if (!wanted.empty()) AskBetweenBatches(options);
  }
  return counted;
}

void CheckPieces(const TensorSource& source, const WantedRegion& wanted,
                 const std::vector<Piece>& pieces, CheckRule rule,
                 const RunOptions& options) {
  const MakeDestination none;
  const RegionCopier copier(source, rule, none, options);
  copier.CheckFound({&wanted, 1}, {&pieces, 1});
}

}  // namespace fastckpt::internal
