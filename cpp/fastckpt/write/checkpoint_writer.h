// CheckpointWriter: writes a checkpoint of either format, for many threads.
//
// Calls take turns. `interrupted` may run anything, a signal handler or the
// finalizer of an object that is collected, and that may call this writer
// again, on the thread whose turn it is: it can abort the writer, and all other
// calls are refused. Whoever aborts ends the call whose turn it is, too.
//
// Thread-safety: safe. In a forked child a writer refuses everything.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "fastckpt/platform/parallel.h"
#include "fastckpt/platform/process.h"
#include "fastckpt/tensor/tensor_input.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"

namespace fastckpt::internal {

enum class WriteFormat { kV1, kV2 };

class CheckpointWriter {
 public:
  // As BundleWriter; of the options, V1 takes `sync`, `progress` and
  // `may_replace`.
  CheckpointWriter(const std::string& prefix, WriteFormat format,
                   const WriteOptions& options);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Appends tensors; false, and nothing was done, if it is another's turn.
  // Waits for nothing and runs nothing of others. Throws as BundleWriter::Add.
  bool TryAdd(const std::vector<TensorInput>& inputs);

  // Appends tensors. Throws as BundleWriter::Add; Interrupted, and then the
  // writer is of no more use unless it still waited for its turn; Invalid for a
  // writer that is closed, or that is aborted meanwhile.
  void Add(const std::vector<TensorInput>& inputs,
           const Interrupt& interrupted = nullptr);

  // Gives a whole tensor a second name. Throws as BundleWriter::Alias, and
  // Invalid for a V1 file, where values are part of the tensor's record.
  void Alias(const std::string& name, const std::string& of,
             const Interrupt& interrupted = nullptr);

  // Puts the checkpoint in its place and closes the writer. Throws as Add, and
  // System; then the place is as it was. From the first renaming on it is too
  // late to abort.
  void Finish(const Interrupt& interrupted = nullptr);

  // Drops what was written and closes the writer. Returns when no file is left,
  // but from within a call of this writer at once: that call removes them when
  // it ends. Throws Interrupted while it waits; the writer is aborted all the
  // same.
  void Abort(const Interrupt& interrupted = nullptr);

 private:
  class Turn;

  bool IsOwner() const;
  void CheckOwner() const;
  bool IsMyTurn() const;
  void LockTurn(const Interrupt& interrupted);
  void CheckOpen() const;
  void Run(const Interrupt& interrupted,
           const std::function<void(const Interrupt&)>& work);
  void Write(const std::vector<TensorInput>& inputs,
             const Interrupt& interrupted);
  void Close();

  const OwnProcess owner_;
  std::mutex turn_;
  std::atomic<std::thread::id> holder_;  // of the turn
  std::atomic<bool> is_aborted_{false};
  std::unique_ptr<V1Writer> v1_;
  std::unique_ptr<BundleWriter> v2_;
};

}  // namespace fastckpt::internal
