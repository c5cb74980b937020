// ReadEverything: each way of reading, for each tensor of a checkpoint.
#pragma once

#include "fastckpt/checkpoint.h"

namespace fastckpt {

// Requires that a tensor of which Verify has nothing to say can be read.
void ReadEverything(const Checkpoint& checkpoint);

}  // namespace fastckpt
