// Require: ends the program where a rule that must hold for any input does not,
// so that a fuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace fastckpt::internal {

inline void Require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken rule: %s\n", rule);
  std::abort();
}

}  // namespace fastckpt::internal
