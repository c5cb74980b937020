#include "fastckpt/read/copy_check.h"

#include <algorithm>
#include <utility>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/read/remote_copy.h"
#include "fastckpt/read/task_parts.h"

namespace fastckpt::internal {
namespace {

constexpr std::uint64_t kMinPart = 256 << 10;
constexpr std::uint64_t kMaxPart = 4 << 20;
// Parts per thread: enough that the last ones do not leave threads idle.
constexpr std::uint64_t kPartsPerThread = 16;
// Below this a second thread costs more than it saves.
constexpr std::uint64_t kBytesPerThread = 512 << 10;
static_assert(kCacheStep % kLookStep == 0 && kMinPart % kLookGroup == 0);
// Runs further apart than this are read one by one rather than in one go.
constexpr std::uint64_t kSparse = 4;

// The bytes of its piece that a task has to visit.
struct Span {
  std::uint64_t begin;
  std::uint64_t end;
};

std::uint64_t PieceSize(const Piece& piece) {
  return piece.file ? piece.size : piece.memory.size();
}

// A check needs all bytes; a copy alone what lies between its runs' ends.
Span SpanOf(const PieceTask& task) {
  if (Checks(task) || !task.strided) return {0, PieceSize(*task.piece)};
  // Parts begin at multiples of the largest item.
  constexpr std::uint64_t kAlign = 16;
  return {task.strided->begin() / kAlign * kAlign, task.strided->end()};
}

class TaskRun {
 public:
  TaskRun(const std::vector<PieceTask>& tasks, const RunOptions& options)
      : tasks_(tasks), options_(options), parts_(tasks, options) {
    for (const PieceTask& task : tasks) {
      const Span span = SpanOf(task);
      total_ += span.end - span.begin;
    }
    threads_ = std::clamp<std::size_t>(
        total_ / kBytesPerThread, 1, std::max<std::size_t>(options.threads, 1));
    MakeParts();
    if (options.progress) {
      options.progress->total += total_ - options.counted;
    }
  }

  bool Run() {
    return ParallelFor(
        batches_.size() - 1, threads_, [this](std::size_t i) { RunBatch(i); },
        options_.interrupted);
  }

 private:
  // Parts in file order, and the batches of them that threads take.
  void MakeParts() {
    std::uint64_t size = total_ / (threads_ * kPartsPerThread);
    size = std::clamp(size, kMinPart, kMaxPart) / kMinPart * kMinPart;
    std::uint64_t in_batch = size;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const Span span = SpanOf(tasks_[i]);
      std::uint64_t begin = span.begin;
      do {
        // An empty batch would be taken for the end of a run of small tasks.
        if (in_batch >= size) {
          batches_.push_back(parts_.size());
          in_batch = 0;
        }
        const std::uint64_t end = std::min(span.end, begin + size);
        parts_.Add({i, begin, end});
        in_batch += end - begin + 1024;
        begin = end;
      } while (begin < span.end);
    }
    batches_.push_back(parts_.size());
    parts_.Finish();
  }

  void RunBatch(std::size_t batch) {
    Scratch scratch;
    const DataFile* seen = nullptr;
    std::uint64_t done = 0;
    for (std::size_t i = batches_[batch]; i < batches_[batch + 1]; ++i) {
      try {
        RunPart(i, &seen, &scratch);
      } catch (const Error& error) {
        parts_.Fail(i, error);
      }
      done += parts_[i].end - parts_[i].begin;
    }
    if (options_.progress) options_.progress->done += done;
  }

  // `*seen`: the mapped file whose size this batch has compared.
  void RunPart(std::size_t index, const DataFile** seen, Scratch* scratch) {
    const TaskPart& part = parts_[index];
    const PieceTask& task = tasks_[part.task];
    const DataFile* file = task.piece->file;
    std::uint32_t crc = 0;
    if (file && (options_.steadily || file->mapping() == nullptr)) {
      crc = ReadPart(task, part, scratch);
    } else {
      // Long calls have many parts, and the file may be cut meanwhile.
      const bool is_large = part.end - part.begin >= kMinPart;
      if (file && (is_large || file != *seen)) file->file().CheckSize();
      *seen = file;
      crc = CopyPart(0, task, part, Bytes(task, part));
    }
    parts_.Done(index, crc);
  }

  static const std::uint8_t* Bytes(const PieceTask& task,
                                   const TaskPart& part) {
    const Piece& piece = *task.piece;
    if (!piece.file) return piece.memory.data() + part.begin;
    const std::uint8_t* bytes =
        piece.mapped ? piece.mapped
                     : piece.file->mapping()->bytes().data() + piece.offset;
    return bytes + part.begin;
  }

  // CopyPart of bytes that must be read first, a cache's worth at a time.
  static std::uint32_t ReadPart(const PieceTask& task, const TaskPart& part,
                                Scratch* scratch) {
    if (!Checks(task) && task.strided && IsSparse(task, part)) {
      ReadRuns(task, part, scratch);
      return 0;
    }
    const Piece& piece = *task.piece;
    std::uint32_t crc = 0;
    for (std::uint64_t at = part.begin; at < part.end; at += kCacheStep) {
      const TaskPart step{part.task, at, std::min(part.end, at + kCacheStep)};
      const auto size = static_cast<std::size_t>(step.end - at);
      if (task.dense) {
        const std::span<std::uint8_t> to(task.dense + at, size);
        piece.file->file().Read(piece.offset + at, to);
        if (Checks(task)) crc = ExtendCrc32c(crc, to.data(), size);
        continue;
      }
      const ByteView bytes = piece.file->Read(piece.offset + at, size, scratch);
      crc = CopyPart(crc, task, step, bytes.data());
    }
    return crc;
  }

  static bool IsSparse(const PieceTask& task, const TaskPart& part) {
    const Span span = SpanOf(task);
    return part.end > part.begin &&
           task.strided->run_bytes() < (span.end - span.begin) / kSparse;
  }

  static void ReadRuns(const PieceTask& task, const TaskPart& part,
                       Scratch* scratch) {
    const Piece& piece = *task.piece;
    task.strided->VisitRuns(
        part.begin, part.end,
        [&](std::uint64_t offset, std::uint64_t size, std::uint8_t* to) {
          const ByteView bytes = piece.file->Read(
              piece.offset + offset, static_cast<std::size_t>(size), scratch);
          task.strided->CopyRun(to, bytes.data(), bytes.size());
        });
  }

  const std::vector<PieceTask>& tasks_;
  const RunOptions& options_;
  std::uint64_t total_ = 0;
  std::size_t threads_ = 1;
  TaskParts parts_;
  std::vector<std::size_t> batches_;  // first part of each, and the end
};

void ChooseStores(std::vector<PieceTask>* tasks) {
  std::uint64_t bytes = 0;
  for (const PieceTask& task : *tasks) {
    if (task.dense) bytes += task.piece->size;
  }
  if (bytes < kPastCachesFrom) return;
  for (PieceTask& task : *tasks) task.past_caches = true;
}

}  // namespace

bool RunTasks(const std::vector<PieceTask>& tasks, const RunOptions& options) {
  if (tasks.empty()) return true;
  const auto run = [&](const std::vector<PieceTask>& local,
                       const RunOptions& how) {
    return local.empty() || TaskRun(local, how).Run();
  };
  if (!HasRemote(tasks)) return run(tasks, options);
  return RunRemote(tasks, options, run);
}

void RunInFileOrder(std::vector<PieceTask>* tasks, const RunOptions& options) {
  ChooseStores(tasks);
  const auto by_place = [](const PieceTask& a, const PieceTask& b) {
    return std::pair(a.piece->file, a.piece->offset) <
           std::pair(b.piece->file, b.piece->offset);
  };
  if (!std::is_sorted(tasks->begin(), tasks->end(), by_place)) {
    std::sort(tasks->begin(), tasks->end(), by_place);
  }
  if (!RunTasks(*tasks, options)) throw Interrupted{};
}

}  // namespace fastckpt::internal
