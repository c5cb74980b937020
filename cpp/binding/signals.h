// Signals: how a call in the core learns of them, and how it then ends. So it
// does of an error in what watches its progress.
//
// Python runs handlers in its main thread only, when that asks; elsewhere the
// question is answered with no. What a handler raises is kept until the core
// has ended, and then goes before whatever else the call ended with.
//
// A handler, or the finalizer of an object that is collected meanwhile, may
// call us again from within the question: the core asks it while it holds
// nothing that another call would wait for.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "call_progress.h"
#include "fastckpt/base/error.h"
#include "fastckpt/platform/parallel.h"
#include "lock.h"

namespace fastckpt::internal {

class SignalWatch {
 public:
  // `progress` may be null.
  explicit SignalWatch(const CallProgress* progress) : progress_(progress) {}

  // For the core; lives no longer than this object.
  Interrupt interrupt() {
    return [this] { return Check(); };
  }

  // Runs the handlers of signals that have come; true if one raised, or who
  // watches did.
  bool Check();

  // Throws what a handler raised, if one did, in the place of `error`, which is
  // its context. Requires the GIL.
  void ThrowRaised(const Error* error = nullptr);

 private:
  const CallProgress* progress_;
  std::optional<pybind11::error_already_set> raised_;
};

// Runs work(interrupt) without the lock; throws what a signal handler or who
// watches `progress` raised meanwhile, else what `work` throws.
template <typename Work>
auto Interruptible(Work&& work, const CallProgress* progress = nullptr) {
  using Result = std::invoke_result_t<Work, const Interrupt&>;
  SignalWatch watch(progress);
  const auto run = [&] { return work(watch.interrupt()); };
  try {
    if constexpr (std::is_void_v<Result>) {
      Unlocked(run);
      watch.ThrowRaised();
    } else {
      Result result = Unlocked(run);
      watch.ThrowRaised();
      return result;
    }
  } catch (const Error& error) {
    watch.Check();
    watch.ThrowRaised(&error);
    throw;
  } catch (...) {
    watch.ThrowRaised();
    throw;
  }
}

}  // namespace fastckpt::internal
