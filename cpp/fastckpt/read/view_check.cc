#include "fastckpt/read/view_check.h"

#include <numeric>
#include <utility>

namespace fastckpt {
namespace {

// Claims on checks that end with this object: as right only after Succeed.
class Claims {
 public:
  ~Claims() {
    for (CheckState* state : states_) state->Finish(is_right_);
  }
  void Add(CheckState* state) { states_.push_back(state); }
  void Succeed() { is_right_ = true; }

 private:
  std::vector<CheckState*> states_;
  bool is_right_ = false;
};

// Checks those of `pending` that nobody is checking; gives the others.
std::vector<std::size_t> CheckUnclaimed(const TensorSource& source,
                                        const UncheckedViews& views,
                                        const std::vector<std::size_t>& pending,
                                        const RunOptions& options) {
  std::vector<std::size_t> busy;
  Claims claims;
  std::vector<PieceTask> tasks;
  for (const std::size_t i : pending) {
    const Piece& piece = views.pieces[i];
    const CheckState::Claim claim = piece.state->TryClaim();
    if (claim == CheckState::Claim::kBusy) busy.push_back(i);
    if (claim != CheckState::Claim::kMine) continue;
    claims.Add(piece.state);
    PieceTask& task = tasks.emplace_back();
    task.piece = &piece;
    task.name = source.Name(views.slots[i]);
  }
  RunInFileOrder(&tasks, options);
  claims.Succeed();
  return busy;
}

}  // namespace

bool CheckViews(const TensorSource& source, const UncheckedViews& views,
                const RunOptions& options, bool may_wait) {
  std::vector<std::size_t> pending(views.pieces.size());
  std::iota(pending.begin(), pending.end(), std::size_t{0});
  while (!pending.empty()) {
    std::vector<std::size_t> busy =
        CheckUnclaimed(source, views, pending, options);
    if (!busy.empty() && !may_wait) return false;
    for (const std::size_t i : busy) views.pieces[i].state->Wait();
    pending = std::move(busy);
  }
  return true;
}

}  // namespace fastckpt
