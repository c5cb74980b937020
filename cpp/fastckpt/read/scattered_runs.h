// ScatteredRuns: equal runs of bytes at any places of a stored piece, and where
// each goes.
//
// Along one dimension the runs lie at places that a list gives, in any order;
// along the others they are evenly spaced, as in a strided plan.
//
// Thread-safety: immutable once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

class ScatteredRuns {
 public:
  // One index of the list: bytes from the first run's place and memory.
  struct Hit {
    std::int64_t file;
    std::int64_t memory;
  };
  // One run: where it lies in the piece, and where it goes.
  struct Run {
    std::int64_t offset;
    std::uint8_t* to;
  };

  // Begins with one item at the piece's begin, which goes to `memory`; `piece`
  // must outlive it.
  ScatteredRuns(const Piece& piece, std::uint8_t* memory, const Layout& layout)
      : piece_(&piece),
        memory_(memory),
        run_(static_cast<std::int64_t>(layout.item_size)),
        swap_unit_(layout.swap_unit) {}

  // Moves all runs on.
  void Skip(std::int64_t file, std::int64_t memory) {
    offset_ += file;
    memory_ += memory;
  }
  // Repeats the runs; dimensions come outer to inner.
  void AddDim(std::int64_t count, std::int64_t file_step,
              std::int64_t memory_step);
  void AddHits(std::vector<Hit> hits);
  // The same for indices that must outlive it: the k-th lies at ids[k] steps.
  void AddIndices(std::span<const std::int64_t> ids, std::int64_t file_step,
                  std::int64_t memory_step);
  // Ends that: from here on the runs are to be used.
  void Finish();

  const Piece& piece() const { return *piece_; }
  // Whether their bytes lie elsewhere: see remote_runs.h.
  bool is_remote() const { return piece_->file && piece_->file->remote(); }
  std::size_t run_bytes() const { return static_cast<std::size_t>(run_); }
  std::size_t swap_unit() const { return swap_unit_; }
  // How often the outermost dimension repeats, and the bytes each time.
  std::int64_t outer_count() const {
    return dims_.empty() ? 1 : dims_.front().count;
  }
  std::uint64_t outer_bytes() const;

  // Calls visit(run) for each run in [begin, end) of the outermost dimension.
  // Calls ahead(offset) for one that comes some steps later.
  template <typename Visit, typename Ahead>
  void VisitRuns(std::int64_t begin, std::int64_t end, const Visit& visit,
                 const Ahead& ahead) const {
    if (dims_.empty()) return visit(Run{offset_, memory_});
    Walk(0, begin, end, {offset_, memory_}, visit, ahead);
  }

 private:
  struct Dim {
    std::int64_t count;
    std::int64_t file_step;
    std::int64_t memory_step;
    bool is_list;  // of `ids`, or of hits where these are null
    const std::int64_t* ids = nullptr;
  };
  // So many rows are on their way from memory while one is copied.
  static constexpr std::int64_t kAhead = 12;

  Hit StepOf(const Dim& dim, std::int64_t i) const {
    if (dim.ids) return {dim.ids[i] * dim.file_step, i * dim.memory_step};
    if (dim.is_list) return hits_[static_cast<std::size_t>(i)];
    return {i * dim.file_step, i * dim.memory_step};
  }

  template <typename Visit, typename Ahead>
  void Walk(std::size_t level, std::int64_t begin, std::int64_t end, Run at,
            const Visit& visit, const Ahead& ahead) const {
    const Dim& dim = dims_[level];
    const bool is_last = level + 1 == dims_.size();
    for (std::int64_t i = begin; i < end; ++i) {
      const Hit step = StepOf(dim, i);
      const Run run{at.offset + step.file, at.to + step.memory};
      if (!is_last) {
        Walk(level + 1, 0, dims_[level + 1].count, run, visit, ahead);
        continue;
      }
      if (dim.is_list && i + kAhead < end) {
        ahead(at.offset + StepOf(dim, i + kAhead).file);
      }
      visit(run);
    }
  }

  const Piece* piece_;
  std::uint8_t* memory_;
  std::int64_t offset_ = 0;
  std::int64_t run_;
  std::size_t swap_unit_;
  std::vector<Dim> dims_;
  std::vector<Hit> hits_;
};

// Copies all runs that are at hand, on all threads where it pays. Throws Error
// or Interrupted.
void CopyRuns(const std::vector<ScatteredRuns>& all, const RunOptions& options);

}  // namespace fastckpt::internal
