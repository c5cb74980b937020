// Verify: every block and every tensor of a checkpoint checked, every problem
// reported and not just the first.
#pragma once

#include <cstdint>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/read/bundle_source.h"
#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/v1_source.h"

namespace fastckpt {

struct VerifyResult {
  std::uint64_t bytes_checked = 0;
  bool was_interrupted = false;
  std::vector<Error> problems;  // in the order of the tensors
};

// Reads the index again, then checks what every entry means and every stored
// byte, of slices one by one.
VerifyResult VerifyBundle(const BundleSource& source,
                          const RunOptions& options);

// Checks every block of every file and decodes every tensor.
VerifyResult VerifyV1(const V1Source& source, const RunOptions& options);

}  // namespace fastckpt
