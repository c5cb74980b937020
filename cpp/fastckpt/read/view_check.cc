#include "fastckpt/read/view_check.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>
#include <utility>

namespace fastckpt::internal {
namespace {

// Claims on checks that end with this object: as right only after Succeed.
class Claims {
 public:
  Claims() { ++count; }
  ~Claims() {
    --count;
    for (const Piece* piece : pieces_) {
      piece->state->Finish(is_right_, piece->stamp);
    }
  }
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;
  // Whether this thread may have claims now.
  static bool Exist() { return count > 0; }
  void Add(const Piece* piece) { pieces_.push_back(piece); }
  void Succeed() { is_right_ = true; }

 private:
  std::vector<const Piece*> pieces_;
  bool is_right_ = false;
  static thread_local int count;
};

thread_local int Claims::count = 0;

// Waits until nobody is checking a piece. Throws Interrupted.
void WaitFor(const CheckState& state, const Interrupt& interrupted) {
  using std::chrono::milliseconds;
  if (!interrupted) return state.Wait();
  milliseconds pause(0);
  while (state.IsBusy()) {
    std::this_thread::sleep_for(pause);
    pause = std::min(pause + milliseconds(1), milliseconds(20));
    if (interrupted()) throw Interrupted{};
  }
}

// Checks those of `pending` that nobody is checking; gives the others. Called
// from within such a check of this thread it checks all: to wait could be to
// wait for oneself.
std::vector<std::size_t> CheckUnclaimed(const TensorSource& source,
                                        const UncheckedViews& views,
                                        const std::vector<std::size_t>& pending,
                                        const RunOptions& options) {
  const bool is_nested = Claims::Exist();
  std::vector<std::size_t> busy;
  Claims claims;
  std::vector<PieceTask> tasks;
  tasks.reserve(pending.size());
  for (const std::size_t i : pending) {
    const Piece& piece = views.pieces[i];
    const CheckState::Claim claim = piece.state->TryClaim(piece.stamp);
    if (claim == CheckState::Claim::kDone) continue;
    if (claim == CheckState::Claim::kMine) {
      claims.Add(&piece);
    } else if (!is_nested) {
      busy.push_back(i);
      continue;
    }
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
    for (const std::size_t i : busy) {
      WaitFor(*views.pieces[i].state, options.interrupted);
    }
    pending = std::move(busy);
  }
  return true;
}

}  // namespace fastckpt::internal
