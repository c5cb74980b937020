#include "fastckpt/read/region_copy.h"

#include <cstdint>
#include <optional>
#include <utility>

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

class RegionCopier {
 public:
  RegionCopier(const TensorSource& source, bool check,
               const MakeDestination& make, const RunOptions& options)
      : source_(source), check_(check), make_(make), options_(options) {}

  // The regions of one batch, of which the first has this index.
  void CopyBatch(std::span<const WantedRegion> wanted,
                 std::size_t first) const {
    const std::vector<std::vector<Piece>> pieces = FindPieces(wanted);
    std::vector<PieceTask> tasks;
    tasks.reserve(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      AddTasks(wanted[i], pieces[i], make_(first + i), &tasks);
    }
    RunInFileOrder(&tasks, options_);
  }

  // Finds the pieces of one batch, which throws where they are not there, and
  // checks those that lie in files: others were checked when they were found.
  std::uint64_t CheckBatch(std::span<const WantedRegion> wanted) const {
    UncheckedViews found;
    std::uint64_t bytes = 0;
    const auto pieces = FindPieces(wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      for (const Piece& piece : pieces[i]) {
        if (!piece.file) continue;
        bytes += piece.size;
        found.pieces.push_back(piece);
        found.slots.push_back(wanted[i].slot);
      }
    }
    if (options_.progress) options_.progress->total += bytes;
    CheckViews(source_, found, options_, /*may_wait=*/true);
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
  std::vector<std::vector<Piece>> FindPieces(
      std::span<const WantedRegion> wanted) const {
    std::vector<std::vector<Piece>> pieces(wanted.size());
    const auto find = [&](std::size_t i, SeenFiles* seen) {
      AppendPieces(source_, wanted[i], check_, seen, &pieces[i]);
    };
    if (!source_.DecodesPieces()) {
      SeenFiles seen;
      for (std::size_t i = 0; i < wanted.size(); ++i) find(i, &seen);
      return pieces;
    }
    std::vector<std::size_t> slots;
    for (const WantedRegion& one : wanted) slots.push_back(one.slot);
    if (!ForEachSlot(source_, slots, options_, find)) throw Interrupted{};
    return pieces;
  }

  void AddTasks(const WantedRegion& wanted, const std::vector<Piece>& pieces,
                Destination destination, std::vector<PieceTask>* tasks) const {
    const TensorFacts facts = source_.Facts(wanted.slot);
    const Target target{
        facts, source_.LayoutOf(wanted.slot),
        wanted.region ? *wanted.region : WholeRegion(facts.dims),
        std::move(destination)};
    const bool is_dense = pieces.size() == 1 && IsDenseCopy(target);
    for (const Piece& piece : pieces) {
      PieceTask task;
      task.piece = &piece;
      task.name = facts.name;
      task.check = check_;
      if (wanted.cast) {
        task.cast = MakeCast(target, piece, wanted.cast);
        if (!task.cast && !check_) continue;
      } else if (is_dense) {
        task.dense = target.destination.base;
      } else {
        task.strided = MakeStrided(target, piece);
        if (!task.strided && !check_) continue;
      }
      tasks->push_back(std::move(task));
    }
  }

  const TensorSource& source_;
  const bool check_;
  const MakeDestination& make_;
  const RunOptions& options_;
};

}  // namespace

void AppendPieces(const TensorSource& source, const WantedRegion& wanted,
                  bool check, SeenFiles* seen, std::vector<Piece>* pieces) {
  WithName(source, wanted.slot, [&] {
    source.AppendPieces(wanted.slot, wanted.region, check, seen, pieces);
  });
}

namespace {

// A batch may end before it asks for the first time.
void AskBetweenBatches(const RunOptions& options) {
  if (options.interrupted && options.interrupted()) throw Interrupted{};
}

}  // namespace

void CopyRegions(const TensorSource& source,
                 std::span<const WantedRegion> wanted, bool check,
                 const MakeDestination& make, const RunOptions& options) {
  const RegionCopier copier(source, check, make, options);
  std::size_t first = 0;
  while (first < wanted.size()) {
    const std::size_t size = copier.BatchSize(wanted.subspan(first));
    copier.CopyBatch(wanted.subspan(first, size), first);
    first += size;
    if (first < wanted.size()) AskBetweenBatches(options);
  }
}

std::uint64_t CheckRegions(const TensorSource& source,
                           std::span<const WantedRegion> wanted,
                           const RunOptions& options) {
  const MakeDestination none;
  const RegionCopier copier(source, /*check=*/true, none, options);
  std::uint64_t counted = 0;
  while (!wanted.empty()) {
    const std::size_t size = copier.BatchSize(wanted);
    counted += copier.CheckBatch(wanted.first(size));
    wanted = wanted.subspan(size);
    if (!wanted.empty()) AskBetweenBatches(options);
  }
  return counted;
}

}  // namespace fastckpt::internal
