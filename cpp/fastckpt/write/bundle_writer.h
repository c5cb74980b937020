// BundleWriter: writes a V2 checkpoint, the bytes TensorFlow would write.
//
// One shard: what SaveV2 writes for the same tensors in the same order.
// Several: each tensor goes to the smallest shard so far, and the bytes are
// those of one SaveV2 for each shard put together by MergeV2Checkpoints; files
// of shards that got nothing are there and empty.
//
// Thread-safety: one thread at a time.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc; FORMAT 5.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fastckpt/base/progress.h"
#include "fastckpt/tensor/tensor_input.h"
#include "fastckpt/write/commit.h"
#include "fastckpt/write/data_writer.h"
#include "fastckpt/write/entry_table.h"

namespace fastckpt::internal {

struct WriteOptions {
  std::int32_t shards = 1;
  std::uint64_t alignment = 1;  // of each tensor's offset; TensorFlow's is 1
  bool sync = true;             // flush to the disk before names appear
  std::size_t threads = 1;
  std::int32_t endianness = 0;   // of stored bytes that are passed on
  Progress* progress = nullptr;  // counts the bytes of values that are written
  bool may_replace = true;       // what has the name; else Finish throws System
};

class BundleWriter {
 public:
  // Begins files beside prefix's own. Throws System, and Invalid for options
  // out of range.
  BundleWriter(const std::string& prefix, const WriteOptions& options);

  // Appends tensors in their order. Throws System; Invalid and Unsupported for
  // what CheckInput refuses, names given twice, slices that do not belong
  // together; Corruption for stored bytes that do not fit their checksum. If
  // one tensor alone is refused by Invalid or Unsupported, it is as if it had
  // not been added; after any other failure the writer is of no more use, and
  // after `interrupted` ended the work, when it returns false.
  bool Add(const std::vector<TensorInput>& inputs,
           const Interrupt& interrupted = nullptr);

  // Gives a whole tensor that was added a second name in the index; its values
  // are stored once. Throws Invalid as EntryTable::Alias, and nothing is done.
  void Alias(const std::string& name, const std::string& of);

  // Puts the checkpoint in its place. Throws System, and Interrupted before the
  // first file is renamed; then the place is as it was.
  void Finish(const Interrupt& interrupted = nullptr);

 private:
  struct Shard {
    std::unique_ptr<OutputFile> file;
    std::uint64_t size = 0;
    std::uint64_t started = 0;  // write-back of so many bytes has begun
  };

  void CheckSound() const;
  std::int32_t SmallestShard() const;
  std::string ClaimKey(const TensorInput& input, std::int32_t shard);
  DataPart Place(const TensorInput& input, std::int32_t shard);
  void StartWriteback();

  const WriteOptions options_;
  Commit commit_;
  std::vector<Shard> shards_;
  DataWriter data_;
  EntryTable entries_;
  bool is_sound_ = true;
};

}  // namespace fastckpt::internal
