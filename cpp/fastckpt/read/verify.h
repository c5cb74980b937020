// Verify: every block and every tensor of a V2 bundle checked, every problem
// reported and not just the first.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/read/bundle_source.h"
#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/damage_signs.h"

namespace fastckpt::internal {

struct VerifyResult {
  std::uint64_t bytes_checked = 0;
  bool was_interrupted = false;
  std::vector<Error> problems;  // in the order of the tensors
  // Of each problem what the stored bytes look like, if they were read.
  std::vector<std::optional<Damage>> damages;
};

// Reads the index again, then checks what every entry means and every stored
// byte, of slices one by one.
VerifyResult VerifyBundle(const BundleSource& source,
                          const RunOptions& options);

}  // namespace fastckpt::internal
