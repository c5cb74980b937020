// CheckpointState: what the text file `checkpoint` of a folder says.
//
// Source: tensorflow/python/training/checkpoint_state.proto.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fastckpt::internal {

struct CheckpointState {
  std::string model_checkpoint_path;
  std::vector<std::string> all_model_checkpoint_paths;
  std::vector<double> all_model_checkpoint_timestamps;
  double last_preserved_timestamp = 0;
};

// Reads the text. Fields nobody knows are skipped; of several values for a
// field that does not repeat the last counts. A path that is not set is empty.
// Throws Corruption for a text that breaks the format, or has a zero byte in a
// path.
CheckpointState ParseCheckpointState(std::string_view text);

}  // namespace fastckpt::internal
