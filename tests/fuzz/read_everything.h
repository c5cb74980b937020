// ReadEverything: each way of reading, for each tensor of a checkpoint.
#pragma once

#include "fastckpt/read/checkpoint_reader.h"

namespace fastckpt::internal {

// Requires that a tensor of which Verify has nothing to say can be read.
void ReadEverything(const CheckpointReader& checkpoint);

}  // namespace fastckpt::internal
