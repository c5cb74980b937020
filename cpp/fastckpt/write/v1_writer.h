// V1Writer: writes a V1 checkpoint, the bytes TensorFlow would write.
//
// The data lie in the table, in the order of their keys, so the serialized
// values stay in memory until Finish.
//
// Thread-safety: one thread at a time.
//
// Source: tensorflow/core/util/tensor_slice_writer.{h,cc},
// core/kernels/save_restore_tensor.cc; FORMAT sections 6.1 and 6.4.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fastckpt/base/progress.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/proto/saved_slices.h"
#include "fastckpt/tensor/tensor_input.h"
#include "fastckpt/write/commit.h"

namespace fastckpt::internal {

class V1Writer {
 public:
  // `sync`: flush to the disk before the name appears. `progress`: counts the
  // bytes of values that were added, if it is set. `may_replace`: as Commit.
  // Throws System, and Invalid if the prefix names a folder only.
  V1Writer(const std::string& prefix, bool sync, Progress* progress = nullptr,
           bool may_replace = true);

  // Appends tensors. Throws Invalid and Unsupported for what CheckInput
  // refuses, dtypes that V1 does not know, slices over 2 GiB, names given twice
  // and slices that do not belong together; a tensor that is refused is as if
  // it had not been added. False if `interrupted` ended the work between two
  // tensors; then the writer is of no more use.
  bool Add(const std::vector<TensorInput>& inputs,
           const Interrupt& interrupted = nullptr);

  // Puts the checkpoint in its place. Throws System, and then the place is as
  // it was, as for Interrupted; Invalid if slices of one tensor overlap or the
  // writer is finished.
  void Finish(const Interrupt& interrupted = nullptr);

 private:
  struct Added {
    std::string name;
    SliceSpec spec;
  };

  void CheckOpen() const;
  void AddOne(const TensorInput& input);
  SavedMeta MakeMeta() const;
  void Write(const OutputFile& file, const Interrupt& interrupted);

  const bool sync_;
  Progress* const progress_;
  Commit commit_;
  std::vector<Added> added_;                       // in the caller's order
  std::map<std::string, SavedSliceMeta> tensors_;  // slices not filled in
  std::map<std::string, std::string> records_;     // by slice key
  bool is_finished_ = false;
};

}  // namespace fastckpt::internal
