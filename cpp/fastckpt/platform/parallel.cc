#include "fastckpt/platform/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "fastckpt/platform/cpu_quota.h"

#ifdef __linux__
#include <sched.h>
#endif

namespace fastckpt::internal {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPollInterval(100);

class Run {
 public:
  Run(std::size_t count, const std::function<void(std::size_t)>& work)
      : count_(count), work_(work) {}

  // Works until nothing is left. Only the calling thread polls.
  void Work(const Interrupt& interrupted) {
    auto next_poll = Clock::now() + kPollInterval;
    while (true) {
      const std::size_t item = next_.fetch_add(1, std::memory_order_relaxed);
      if (item >= count_) return;
      try {
        work_(item);
      } catch (...) {
        Fail(std::current_exception());
        return;
      }
      if (interrupted && Clock::now() >= next_poll) {
        if (interrupted()) stopped_ = true;
        if (stopped_) next_ = count_;
        next_poll = Clock::now() + kPollInterval;
      }
    }
  }

  // Throws what went wrong first; false if the work was interrupted.
  bool Finish() {
    if (error_) std::rethrow_exception(error_);
    return !stopped_;
  }

 private:
  void Fail(std::exception_ptr error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!error_) error_ = std::move(error);
    next_ = count_;
  }

  const std::size_t count_;
  const std::function<void(std::size_t)>& work_;
  std::atomic<std::size_t> next_{0};
  bool stopped_ = false;  // the calling thread's alone
  std::mutex mutex_;
  std::exception_ptr error_;
};

// Fewer threads than wished for is no error: the work gets done all the same.
std::vector<std::thread> StartThreads(std::size_t count, Run* run) {
  std::vector<std::thread> threads;
  threads.reserve(count);
  try {
    for (std::size_t i = 0; i < count; ++i) {
      threads.emplace_back([run] { run->Work(nullptr); });
    }
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  return threads;
}

// Those this process may run on, at least 1.
std::size_t CountCpus() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
  }
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

std::size_t AvailableThreads() {
  const std::size_t quota = CpuQuota();
  const std::size_t count = CountCpus();
  return quota == 0 ? count : std::min(count, quota);
}

bool ParallelFor(std::size_t count, std::size_t threads,
                 const std::function<void(std::size_t)>& work,
                 const Interrupt& interrupted) {
  Run run(count, work);
  const std::size_t wanted = std::min(threads, count);
  std::vector<std::thread> helpers =
      StartThreads(wanted > 1 ? wanted - 1 : 0, &run);
  run.Work(interrupted);
  for (std::thread& helper : helpers) helper.join();
  return run.Finish();
}

}  // namespace fastckpt::internal
