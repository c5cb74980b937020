#include "fastckpt/platform/process.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>

namespace fastckpt::internal {
namespace {

std::atomic<std::uint32_t> fork_count{0};

void CountFork() { fork_count.fetch_add(1, std::memory_order_relaxed); }

[[maybe_unused]] const int counting_registered =
    pthread_atfork(nullptr, nullptr, CountFork);

}  // namespace

OwnProcess::OwnProcess() : id_(getpid()) {}

bool OwnProcess::IsThis() const { return id_ == getpid(); }

std::uint32_t ForkCount() { return fork_count.load(std::memory_order_relaxed); }

}  // namespace fastckpt::internal
