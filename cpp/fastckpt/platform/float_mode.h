// FloatMode: how this thread rounds, and whether it takes the smallest numbers
// for zero, as libraries that were built with -ffast-math make it do.
//
// Thread-safety: a thread's mode is its own.
// Source: Intel 64 and IA-32 Architectures, volume 1, section 10.2.3; Arm
// Architecture Reference Manual, FPCR and FPSR.
#pragma once

#include <cstdint>

namespace fastckpt::internal {

// While it lives, this thread computes as IEEE 754 wants by default: to
// nearest, with subnormal numbers, without traps. Flags that were raised in
// between are forgotten.
class PlainFloatMode {
 public:
  PlainFloatMode();
  ~PlainFloatMode();
  PlainFloatMode(const PlainFloatMode&) = delete;
  PlainFloatMode& operator=(const PlainFloatMode&) = delete;

 private:
  std::uint64_t before_;  // mode, and flags where they have their own register
  [[maybe_unused]] std::uint64_t flags_ = 0;
};

}  // namespace fastckpt::internal
