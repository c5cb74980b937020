// Vector level: which of the routines that are written for AVX-512, for AVX2
// with F16C and for any processor this one runs.
//
// Thread-safety: safe, without a lock.
#pragma once

#include <cstddef>

namespace fastckpt::internal {

// The place of the first of these three that this processor runs, which runs
// those after it, too; elsewhere than on x86-64 always 0. Asked once.
std::size_t FirstVectorRoutine();

}  // namespace fastckpt::internal
