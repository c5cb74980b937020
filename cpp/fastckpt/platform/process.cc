#include "fastckpt/platform/process.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>

namespace fastckpt::internal {
namespace {

std::atomic<std::uint32_t> forks{0};

void CountFork() { forks.fetch_add(1, std::memory_order_relaxed); }

[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, CountFork);

}  // namespace

OwnProcess::OwnProcess() : id_(getpid()) {}

bool OwnProcess::IsThis() const { return id_ == getpid(); }

std::uint32_t ForkCount() { return forks.load(std::memory_order_relaxed); }

}  // namespace fastckpt::internal
