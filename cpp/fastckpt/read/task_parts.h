// TaskParts: tasks cut into parts that are done in any order, on any thread.
//
// The checksums of a task's parts are joined when the last one is done.
//
// Thread-safety: Add and Finish by one thread; then the rest from many, each
// part once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/read/piece_task.h"

namespace fastckpt::internal {

// What is checked and then copied stays in a core's own cache in between.
inline constexpr std::uint64_t kCacheStep = 128 << 10;

// Bytes [begin, end) of the piece of one task.
struct TaskPart {
  std::size_t task;
  std::uint64_t begin;
  std::uint64_t end;
};

// Whether a task's bytes are compared with their checksum.
inline bool Checks(const PieceTask& task) {
  return task.check && task.piece->file;
}

// Checks and copies a part of a task, of bytes that are in memory; gives `crc`
// extended by them.
std::uint32_t CopyPart(std::uint32_t crc, const PieceTask& task,
                       const TaskPart& part, const std::uint8_t* bytes);

class TaskParts {
 public:
  // Both must outlive it.
  TaskParts(const std::vector<PieceTask>& tasks, const RunOptions& options);

  // Appends a part; those of a task follow each other, in order, and together
  // are what it visits.
  void Add(const TaskPart& part);
  // Ends that.
  void Finish();

  std::size_t size() const { return parts_.size(); }
  const TaskPart& operator[](std::size_t i) const { return parts_[i]; }
  const PieceTask& TaskOf(std::size_t i) const {
    return tasks_[parts_[i].task];
  }

  // Notes the checksum of a part that was checked; throws Corruption where the
  // last one of a task shows that its piece is damaged.
  void Done(std::size_t i, std::uint32_t crc);

  // Says what is wrong with a part: to on_error, else by throwing it.
  void Fail(std::size_t i, Error error);

 private:
  void CompareCrc(std::size_t task) const;

  const std::vector<PieceTask>& tasks_;
  const RunOptions& options_;
  std::vector<TaskPart> parts_;
  std::vector<std::uint32_t> crcs_;               // one per part
  std::vector<std::size_t> first_;                // part of each task
  std::vector<std::atomic<std::uint32_t>> left_;  // parts to go, per task
  std::mutex mutex_;
};

}  // namespace fastckpt::internal
