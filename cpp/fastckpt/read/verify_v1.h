// Verify V1: every block of every file checked, every tensor decoded.
//
// A damaged block is told of once for each tensor in it: which tensors are lost
// is what people need to know.
#pragma once

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/v1_source.h"
#include "fastckpt/read/verify.h"

namespace fastckpt::internal {

VerifyResult VerifyV1(const V1Source& source, const RunOptions& options);

}  // namespace fastckpt::internal
