// The interpreter lock: where it is let go.
//
// To take it back can mean a wait of 5 ms for a thread that computes, so it is
// let go once per call, and only where the work takes longer than that or
// waits.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <utility>

namespace fastckpt::internal {

// Below this many bytes to be read, checked or copied the lock is kept.
constexpr std::uint64_t kKeepLock = 64 << 10;

// Runs `work` without the lock.
template <typename Work>
auto Unlocked(Work&& work) {
  const pybind11::gil_scoped_release unlock;
  return std::forward<Work>(work)();
}

// From this many bytes on the lock is let go to unmap them: a GiB takes 8 ms,
// which no other thread should wait for.
constexpr std::uint64_t kSlowUnmap = 128 << 20;

// Runs `work`, which unmaps that many bytes. Requires the lock.
template <typename Work>
void Unmap(std::uint64_t mapped_bytes, Work&& work) {
  if (mapped_bytes < kSlowUnmap) {
    work();
  } else {
    Unlocked(std::forward<Work>(work));
  }
}

}  // namespace fastckpt::internal
