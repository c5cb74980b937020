#include "fastckpt/read/remote_copy.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "fastckpt/read/range_run.h"
#include "fastckpt/read/task_parts.h"

namespace fastckpt::internal {
namespace {

// A size that a server only claims must not decide how much memory is taken.
constexpr std::uint64_t kMaxParts = 1 << 22;

// A call for so few tensors makes one request for each, up to this size.
constexpr std::size_t kFewTasks = 4;
constexpr std::uint64_t kMaxWhole = 16 << 20;

static_assert(kRequestStep % kLookGroup == 0 && kMaxWhole % kLookGroup == 0);

const RemoteFile* RemoteOf(const PieceTask& task) {
  return task.piece->file ? task.piece->file->remote() : nullptr;
}

// Tasks of objects that one fetcher fetches.
class RemoteRun {
 public:
  RemoteRun(const std::vector<PieceTask>& tasks, const RunOptions& options)
      : tasks_(tasks), options_(options), parts_(tasks, options) {
    for (const PieceTask& task : tasks) {
      if (!task.check) is_unchecked_ = true;
      wanted_bytes_ += BytesOf(task);
    }
    limit_ = RequestLimit(wanted_bytes_);
    cut_ = MakesWholeRequests() ? kMaxWhole : limit_;
    if (wanted_bytes_ / limit_ > kMaxParts) {
      ThrowUnsupported("the call wants " + std::to_string(wanted_bytes_) +
                       " bytes of remote objects; read fewer tensors at once, "
                       "or copy the checkpoint's files here first");
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) AddParts(i);
    parts_.Finish();
    if (options.progress) {
      options.progress->total += wanted_bytes_ - options.counted;
    }
  }

  void Run() {
    std::vector<WantedRange> wanted;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const TaskPart& part = parts_[i];
      if (part.end == part.begin) {
        Take(i, nullptr);
        continue;
      }
      const Piece& piece = *parts_.TaskOf(i).piece;
      wanted.push_back({{piece.file->remote()->number(),
                         piece.offset + part.begin, part.end - part.begin},
                        i});
    }
    if (wanted.empty()) return;
    const RangePlan plan = PlanRanges(std::move(wanted), limit_);
    RunPlan(RemoteOf(tasks_.front())->fetcher(), plan, is_unchecked_, options_,
            [&](const PlannedRequest& request, const Arrival& arrival) {
              TakeArrival(plan, request, arrival);
            });
  }

 private:
  bool MakesWholeRequests() const {
    return tasks_.size() <= kFewTasks &&
           std::all_of(tasks_.begin(), tasks_.end(), [](const PieceTask& task) {
             return task.piece->size <= kMaxWhole;
           });
  }

  static std::uint64_t BytesOf(const PieceTask& task) {
    if (!Checks(task) && task.strided) return task.strided->run_bytes();
    return task.piece->size;
  }

  // All of a piece that is checked or copied in full, else its runs alone.
  void AddParts(std::size_t index) {
    const PieceTask& task = tasks_[index];
    if (Checks(task) || !task.strided) {
      AddSpan(index, 0, task.piece->size);
      return;
    }
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    task.strided->VisitRuns(
        task.strided->begin(), task.strided->end(),
        [&](std::uint64_t offset, std::uint64_t size, std::uint8_t*) {
          if (offset != end) {
            if (end > begin) AddSpan(index, begin, end);
            begin = offset;
          }
          end = offset + size;
        });
    if (end > begin) AddSpan(index, begin, end);
  }

  // Cut at places between items, of all parts of a piece at the same: what
  // several tasks want of it lies in the same requests.
  void AddSpan(std::size_t task, std::uint64_t begin, std::uint64_t end) {
    do {
      const std::uint64_t next = std::min(end, (begin / cut_ + 1) * cut_);
      parts_.Add({task, begin, next});
      begin = next;
    } while (begin < end);
  }

  void TakeArrival(const RangePlan& plan, const PlannedRequest& request,
                   const Arrival& arrival) {
    std::uint64_t done = 0;
    for (std::size_t i = request.first; i < request.last; ++i) {
      const WantedRange& wanted = plan.wanted[i];
      done += wanted.range.size;
      if (arrival.error) {
        parts_.Fail(wanted.number, *arrival.error);
      } else {
        Take(wanted.number, arrival.bytes.data() +
                                (wanted.range.offset - request.range.offset));
      }
    }
    if (options_.progress) options_.progress->done += done;
  }

  void Take(std::size_t i, const std::uint8_t* bytes) {
    try {
      parts_.Done(i, CopyPart(0, parts_.TaskOf(i), parts_[i], bytes));
    } catch (const Error& error) {
      parts_.Fail(i, error);
    }
  }

  const std::vector<PieceTask>& tasks_;
  const RunOptions& options_;
  TaskParts parts_;
  bool is_unchecked_ = false;
  std::uint64_t wanted_bytes_ = 0;
  std::uint64_t limit_ = 0;  // of requests that are joined
  std::uint64_t cut_ = 0;    // of one range
};

// Some of a call's tasks, and which they are.
struct Some {
  std::vector<PieceTask> tasks;
  std::vector<std::size_t> numbers;

  RunOptions OptionsOf(const RunOptions& all) const {
    RunOptions options = all;
    if (all.on_error) {
      options.on_error = [this, &all](std::size_t task, const Error& error) {
        all.on_error(numbers[task], error);
      };
    }
    return options;
  }
};

bool RunAll(const std::vector<PieceTask>& tasks, const RunOptions& options) {
  try {
    RemoteRun(tasks, options).Run();
  } catch (const Interrupted&) {
    return false;
  }
  return true;
}

}  // namespace

bool HasRemote(const std::vector<PieceTask>& tasks) {
  return std::any_of(tasks.begin(), tasks.end(), RemoteOf);
}

bool RunRemote(const std::vector<PieceTask>& tasks, const RunOptions& options,
               const RunLocal& local) {
  if (std::all_of(tasks.begin(), tasks.end(), RemoteOf)) {
    return RunAll(tasks, options);
  }
  Some here;
  Some remote;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Some& some = RemoteOf(tasks[i]) ? remote : here;
    some.tasks.push_back(tasks[i]);
    some.numbers.push_back(i);
  }
  RunOptions rest = here.OptionsOf(options);
  rest.counted = 0;
  if (!local(here.tasks, rest)) return false;
  return RunAll(remote.tasks, remote.OptionsOf(options));
}

}  // namespace fastckpt::internal
