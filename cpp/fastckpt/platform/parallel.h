// Parallel: splits work over threads that live for one call.
//
// Threads are started per call (some 13 us each) rather than kept in a pool:
// an idle pool would make every fork() of a data loader warn, and would not
// exist in the child. The calling thread works too, so `threads` 1 starts none.
#pragma once

#include <cstddef>
#include <functional>

namespace fastckpt::internal {

// CPUs this process may run on, and no more than the quota of its container;
// at least 1.
std::size_t AvailableThreads();

// Called by the calling thread now and then between two items, at most about
// every 100 ms. True stops the work: ParallelFor then returns false.
using Interrupt = std::function<bool()>;

// What calls throw that an Interrupt ended, where they say so.
struct Interrupted {};

// Runs work(i) for each i in [0, count), on up to `threads` threads, in
// ascending order of start. After the first exception no new item starts; that
// exception is thrown here once all threads have ended. Returns false if
// `interrupted` ended the work early.
bool ParallelFor(std::size_t count, std::size_t threads,
                 const std::function<void(std::size_t)>& work,
                 const Interrupt& interrupted = nullptr);

}  // namespace fastckpt::internal
