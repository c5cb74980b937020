#include "fastckpt/read/task_parts.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/platform/streaming_copy.h"

namespace fastckpt::internal {
namespace {

// A cast is quick enough to gain by the nearest cache.
constexpr std::uint64_t kCastStep = 32 << 10;

}  // namespace

std::uint32_t CopyPart(std::uint32_t crc, const PieceTask& task,
                       const TaskPart& part, const std::uint8_t* bytes) {
  const auto size = static_cast<std::size_t>(part.end - part.begin);
  if (task.dense) {
    std::uint8_t* to = task.dense + part.begin;
    if (Checks(task)) {
      return task.past_caches ? ExtendCrc32cCopyPastCaches(crc, to, bytes, size)
                              : ExtendCrc32cCopy(crc, to, bytes, size);
    }
    if (task.past_caches) {
      StreamingCopy(to, bytes, size);
    } else if (size > 0) {
      std::memcpy(to, bytes, size);
    }
    return 0;
  }
  if (!task.strided && !task.cast && !task.look) {
    return ExtendCrc32c(crc, bytes, size);
  }
  const std::uint64_t step = task.cast ? kCastStep : kCacheStep;
  for (std::uint64_t at = part.begin; at < part.end; at += step) {
    const std::uint64_t end = std::min(part.end, at + step);
    const std::uint8_t* from = bytes + (at - part.begin);
    if (Checks(task)) {
      crc = ExtendCrc32c(crc, from, static_cast<std::size_t>(end - at));
    }
    if (task.look) {
      task.look->Look(at, end, from);
    } else if (task.cast) {
      task.cast->CopyRange(at, end, from);
    } else {
      task.strided->CopyRange(at, end, from);
    }
  }
  return crc;
}

TaskParts::TaskParts(const std::vector<PieceTask>& tasks,
                     const RunOptions& options)
    : tasks_(tasks), options_(options) {
  parts_.reserve(tasks.size());
  first_.reserve(tasks.size() + 1);
}

void TaskParts::Add(const TaskPart& part) {
  while (first_.size() <= part.task) first_.push_back(parts_.size());
  parts_.push_back(part);
}

void TaskParts::Finish() {
  while (first_.size() <= tasks_.size()) first_.push_back(parts_.size());
  crcs_.resize(parts_.size());
  left_ = std::vector<std::atomic<std::uint32_t>>(tasks_.size());
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    left_[i] = static_cast<std::uint32_t>(first_[i + 1] - first_[i]);
  }
}

void TaskParts::Done(std::size_t i, std::uint32_t crc) {
  crcs_[i] = crc;
  const std::size_t task = parts_[i].task;
  const bool is_last = left_[task].fetch_sub(1, std::memory_order_acq_rel) == 1;
  if (is_last && Checks(tasks_[task])) CompareCrc(task);
}

void TaskParts::CompareCrc(std::size_t task) const {
  const Piece& piece = *tasks_[task].piece;
  std::uint32_t crc = crcs_[first_[task]];
  for (std::size_t i = first_[task] + 1; i < first_[task + 1]; ++i) {
    crc = CombineCrc32c(crc, crcs_[i], parts_[i].end - parts_[i].begin);
  }
  if (crc == piece.crc32c) return;
  if (piece.state) piece.state->FoundWrong(piece.stamp);
  ThrowCorruption(std::to_string(piece.size) + " bytes: stored checksum " +
                  Hex32(piece.crc32c) + ", computed " + Hex32(crc) +
                  "; the file is damaged, copy it again to another place");
}

void TaskParts::Fail(std::size_t i, Error error) {
  const std::size_t task = parts_[i].task;
  const Piece& piece = *tasks_[task].piece;
  Where where{{}, {}, std::string(tasks_[task].name)};
  if (piece.file) {
    where.path = piece.file->path();
    where.offset = piece.offset;
  }
  error.AddContext(where);
  if (!options_.on_error) throw error;
  const std::lock_guard<std::mutex> lock(mutex_);
  options_.on_error(task, error);
}

}  // namespace fastckpt::internal
