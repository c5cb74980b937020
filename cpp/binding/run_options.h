// RunOptions as a call from Python has them.
#pragma once

#include <cstddef>

#include "fastckpt/read/copy_check.h"

namespace fastckpt::internal {

inline RunOptions MakeOptions(std::size_t threads, Progress* progress,
                              const Interrupt& interrupted) {
  RunOptions options;
  options.threads = threads;
  options.progress = progress;
  options.interrupted = interrupted;
  return options;
}

}  // namespace fastckpt::internal
