#include "fastckpt/read/scattered_runs.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fastckpt/platform/parallel.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal {
namespace {

// What a thread takes at a time, and what makes a thread worth its start.
constexpr std::uint64_t kPart = 256 << 10;
// Runs that lie no further apart are read together, up to so much.
constexpr std::int64_t kGap = 4 << 10;
constexpr std::int64_t kRead = 1 << 20;
constexpr std::size_t kMaxNoted = 1 << 16;
constexpr std::size_t kLine = 64;
// The processor itself fetches what follows these.
constexpr std::size_t kLinesAhead = 4;

struct Part {
  const ScatteredRuns* runs;
  std::int64_t begin;
  std::int64_t end;
};

void Put(const ScatteredRuns& runs, std::uint8_t* to,
         const std::uint8_t* from) {
  std::memcpy(to, from, runs.run_bytes());
  SwapUnits(to, runs.run_bytes(), runs.swap_unit());
}

void CopyFrom(const std::uint8_t* base, const Part& part) {
  const ScatteredRuns& runs = *part.runs;
  const std::size_t fetched = std::min(runs.run_bytes(), kLinesAhead * kLine);
  runs.VisitRuns(
      part.begin, part.end,
      [&](const ScatteredRuns::Run& run) {
        Put(runs, run.to, base + run.offset);
      },
      [&](std::int64_t offset) {
        for (std::size_t i = 0; i < fetched; i += kLine) {
          __builtin_prefetch(base + offset + i);
        }
      });
}

// Reads runs from a file, neighbours together.
class RunReader {
 public:
  explicit RunReader(const ScatteredRuns& runs) : runs_(runs) {}

  void Add(const ScatteredRuns::Run& run) {
    noted_.push_back(run);
    if (noted_.size() == kMaxNoted) Flush();
  }

  void Flush() {
    std::sort(noted_.begin(), noted_.end(),
              [](const auto& a, const auto& b) { return a.offset < b.offset; });
    const auto size = static_cast<std::int64_t>(runs_.run_bytes());
    for (std::size_t i = 0; i < noted_.size();) {
      const std::int64_t begin = noted_[i].offset;
      std::size_t next = i + 1;
      std::int64_t end = begin + size;
      while (next < noted_.size() && noted_[next].offset <= end + kGap &&
             noted_[next].offset + size - begin <= kRead) {
        end = noted_[next++].offset + size;
      }
      Read(i, next, end);
      i = next;
    }
    noted_.clear();
  }

 private:
  // Those of noted_[first, last), which end at `end`.
  void Read(std::size_t first, std::size_t last, std::int64_t end) {
    const Piece& piece = runs_.piece();
    const std::int64_t begin = noted_[first].offset;
    const auto size = static_cast<std::size_t>(end - begin);
    const std::uint64_t at = piece.offset + static_cast<std::uint64_t>(begin);
    if (last == first + 1) {
      piece.file->file().Read(at, {noted_[first].to, size});
      SwapUnits(noted_[first].to, size, runs_.swap_unit());
      return;
    }
    const ByteView bytes = piece.file->Read(at, size, &scratch_);
    for (std::size_t i = first; i < last; ++i) {
      Put(runs_, noted_[i].to, bytes.data() + (noted_[i].offset - begin));
    }
  }

  const ScatteredRuns& runs_;
  std::vector<ScatteredRuns::Run> noted_;
  Scratch scratch_;
};

void CopyPart(const Part& part, bool steadily) {
  const Piece& piece = part.runs->piece();
  if (!piece.file) return CopyFrom(piece.memory.data(), part);
  if (piece.file->mapping() && !steadily) {
    piece.file->file().CheckSize();
    return CopyFrom(piece.file->mapping()->bytes().data() + piece.offset, part);
  }
  RunReader reader(*part.runs);
  part.runs->VisitRuns(
      part.begin, part.end,
      [&](const ScatteredRuns::Run& run) { reader.Add(run); },
      [](std::int64_t) {});
  reader.Flush();
}

std::uint64_t BytesOf(const Part& part) {
  return static_cast<std::uint64_t>(part.end - part.begin) *
         part.runs->outer_bytes();
}

// Cuts the runs at hand along their outermost dimension.
std::vector<Part> CutIntoParts(const std::vector<ScatteredRuns>& all) {
  std::vector<Part> parts;
  for (const ScatteredRuns& runs : all) {
    if (runs.is_remote()) continue;
    const auto step = static_cast<std::int64_t>(
        std::max<std::uint64_t>(kPart / runs.outer_bytes(), 1));
    const std::int64_t count = runs.outer_count();
    for (std::int64_t begin = 0; begin < count; begin += step) {
      parts.push_back({&runs, begin, std::min(count, begin + step)});
    }
  }
  return parts;
}

}  // namespace

void ScatteredRuns::AddDim(std::int64_t count, std::int64_t file_step,
                           std::int64_t memory_step) {
  if (count > 1) dims_.push_back({count, file_step, memory_step, false});
}

void ScatteredRuns::AddHits(std::vector<Hit> hits) {
  hits_ = std::move(hits);
  dims_.push_back({static_cast<std::int64_t>(hits_.size()), 0, 0, true});
}

void ScatteredRuns::AddIndices(std::span<const std::int64_t> ids,
                               std::int64_t file_step,
                               std::int64_t memory_step) {
  dims_.push_back({static_cast<std::int64_t>(ids.size()), file_step,
                   memory_step, true, ids.data()});
}

// Inner dimensions that lie dense on both sides are one run.
void ScatteredRuns::Finish() {
  while (!dims_.empty() && !dims_.back().is_list &&
         dims_.back().file_step == run_ && dims_.back().memory_step == run_) {
    run_ *= dims_.back().count;
    dims_.pop_back();
  }
}

std::uint64_t ScatteredRuns::outer_bytes() const {
  auto bytes = static_cast<std::uint64_t>(run_);
  for (std::size_t i = 1; i < dims_.size(); ++i) {
    bytes *= static_cast<std::uint64_t>(dims_[i].count);
  }
  return bytes;
}

void CopyRuns(const std::vector<ScatteredRuns>& all,
              const RunOptions& options) {
  const std::vector<Part> parts = CutIntoParts(all);
  std::uint64_t total = 0;
  for (const Part& part : parts) total += BytesOf(part);
  if (options.progress) options.progress->total += total;
  const std::size_t threads = std::clamp<std::size_t>(
      total / kPart, 1, std::max<std::size_t>(options.threads, 1));
  const auto copy = [&](std::size_t i) {
    CopyPart(parts[i], options.steadily);
    if (options.progress) options.progress->done += BytesOf(parts[i]);
  };
  if (!ParallelFor(parts.size(), threads, copy, options.interrupted)) {
    throw Interrupted{};
  }
}

}  // namespace fastckpt::internal
