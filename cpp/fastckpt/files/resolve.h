// Resolve: from what a caller names to the files of one checkpoint.
//
// The literal name comes first. Then a part of a checkpoint or a state file
// stands for the whole, and a folder for the checkpoint in it.
//
// Source: tensorflow/python/checkpoint/checkpoint_management.py.
#pragma once

#include <string>
#include <vector>

namespace fastckpt::internal {

struct CheckpointFiles {
  bool is_v1 = false;
  // The name as TensorFlow takes it; of V1 shards "X-?????-of-00004".
  std::string prefix;
  // Of V1: the file, or all shards in order.
  std::vector<std::string> v1_files;
};

// Throws System (ENOENT) where no checkpoint is, with what was looked for;
// Corruption where a file is none; System for what cannot be read.
CheckpointFiles ResolveCheckpoint(const std::string& path);

}  // namespace fastckpt::internal
