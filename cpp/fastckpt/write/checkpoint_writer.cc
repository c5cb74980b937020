#include "fastckpt/write/checkpoint_writer.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

// How often who waits for a turn looks whether it was interrupted.
constexpr std::chrono::milliseconds kPollInterval(50);
// Between two looks at the turn, each pause twice the one before.
constexpr std::chrono::microseconds kShortestPause(20);
constexpr std::chrono::microseconds kLongestPause(2000);

}  // namespace

// Whose turn it is, while it lives.
class CheckpointWriter::Turn {
 public:
  // REQUIRES: the mutex is held.
  explicit Turn(CheckpointWriter* writer) : writer_(*writer) {
    writer_.holder_ = std::this_thread::get_id();
  }
  ~Turn() {
    writer_.holder_ = std::thread::id();
    writer_.turn_.unlock();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  CheckpointWriter& writer_;
};

CheckpointWriter::CheckpointWriter(const std::string& prefix,
                                   WriteFormat format,
                                   const WriteOptions& options) {
  if (format == WriteFormat::kV1) {
    v1_ = std::make_unique<V1Writer>(prefix, options.sync, options.progress,
                                     options.may_replace);
  } else {
    v2_ = std::make_unique<BundleWriter>(prefix, options);
  }
}

// What a thread that this process does not have was changing is not touched.
CheckpointWriter::~CheckpointWriter() {
  if (IsOwner()) return;
  if (turn_.try_lock()) {
    turn_.unlock();
    return;
  }
  static_cast<void>(v1_.release());
  static_cast<void>(v2_.release());
}

bool CheckpointWriter::TryAdd(const std::vector<TensorInput>& inputs) {
  CheckOwner();
  if (IsMyTurn() || !turn_.try_lock()) return false;
  const Turn turn(this);
  CheckOpen();
  Write(inputs, nullptr);
  return true;
}

void CheckpointWriter::Add(const std::vector<TensorInput>& inputs,
                           const Interrupt& interrupted) {
  Run(interrupted, [&](const Interrupt& stopped) {
    Write(inputs, stopped);
    if (is_aborted_) throw Interrupted{};
  });
}

void CheckpointWriter::Alias(const std::string& name, const std::string& of,
                             const Interrupt& interrupted) {
  Run(interrupted, [&](const Interrupt&) {
    if (!v2_) ThrowInvalid("a V1 file stores values once for each name");
    v2_->Alias(name, of);
  });
}

void CheckpointWriter::Finish(const Interrupt& interrupted) {
  Run(interrupted, [this](const Interrupt& stopped) {
    if (v1_) v1_->Finish(stopped);
    if (v2_) v2_->Finish(stopped);
    Close();
  });
}

void CheckpointWriter::Abort(const Interrupt& interrupted) {
  if (!IsOwner()) return;
  is_aborted_ = true;
  if (IsMyTurn()) return;
  LockTurn(interrupted);
  const Turn turn(this);
  Close();
}

// Runs work in a turn of its own, and tells it to stop when it should.
void CheckpointWriter::Run(const Interrupt& interrupted,
                           const std::function<void(const Interrupt&)>& work) {
  CheckOwner();
  if (IsMyTurn()) {
    ThrowInvalid(
        "this writer is in the middle of a call of the same thread; what runs "
        "within that, a signal handler or a finalizer, can only abort it");
  }
  LockTurn(interrupted);
  const Turn turn(this);
  CheckOpen();
  try {
    work([&] { return (interrupted && interrupted()) || is_aborted_; });
  } catch (const Interrupted&) {
    if (!is_aborted_) throw;
    Close();
    ThrowInvalid(
        "this writer was aborted in the middle of this call; begin a "
        "new one");
  } catch (...) {
    if (is_aborted_) Close();
    throw;
  }
}

// Waits by looking again: a wait with a time limit has no form that a forked
// child can leave, and that every sanitizer knows.
void CheckpointWriter::LockTurn(const Interrupt& interrupted) {
  auto pause = kShortestPause;
  auto next_question = std::chrono::steady_clock::now() + kPollInterval;
  while (!turn_.try_lock()) {
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
    if (std::chrono::steady_clock::now() < next_question) continue;
    if (interrupted && interrupted()) throw Interrupted{};
    next_question = std::chrono::steady_clock::now() + kPollInterval;
  }
}

void CheckpointWriter::Write(const std::vector<TensorInput>& inputs,
                             const Interrupt& interrupted) {
  const bool is_done =
      v2_ ? v2_->Add(inputs, interrupted) : v1_->Add(inputs, interrupted);
  if (!is_done) throw Interrupted{};
}

bool CheckpointWriter::IsOwner() const { return owner_.IsThis(); }

void CheckpointWriter::CheckOwner() const {
  if (IsOwner()) return;
  ThrowInvalid("this writer belongs to the process that began it");
}

bool CheckpointWriter::IsMyTurn() const {
  return holder_.load() == std::this_thread::get_id();
}

void CheckpointWriter::CheckOpen() const {
  if (is_aborted_ || (!v1_ && !v2_)) {
    ThrowInvalid("this writer is closed; begin a new one");
  }
}

void CheckpointWriter::Close() {
  v1_.reset();
  v2_.reset();
}

}  // namespace fastckpt::internal
