// Ways to gather rows by their numbers from a file that is in the page cache
// and was checked before: the mapping stays, as a reader's does.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "way.h"

namespace floor_program {
namespace {

// Rows that a thread takes at once.
constexpr std::size_t kRows = 1024;
constexpr std::size_t kLine = 64;

// How rows are fetched before they are copied.
struct Plan {
  std::size_t ahead = 0;     // rows
  bool fetches_all = false;  // of a row's lines; else the first
};

const Mapping& Kept(const Job& job) {
  static const Mapping mapping(job.data, MAP_POPULATE);
  return mapping;
}

void Fetch(const std::uint8_t* row, std::size_t size, const Plan& plan) {
  const std::size_t end = plan.fetches_all ? size : 1;
  for (std::size_t at = 0; at < end; at += kLine) __builtin_prefetch(row + at);
}

void GatherSome(const Job& job, std::size_t begin, std::size_t end,
                std::size_t size, const Plan& plan, std::uint8_t* out) {
  const std::uint8_t* data = Kept(job).data();
  const auto at = [&](std::size_t i) {
    return data + static_cast<std::size_t>(job.rows[i]) * size;
  };
  for (std::size_t i = begin; i < end; ++i) {
    if (plan.ahead > 0 && i + plan.ahead < end) {
      Fetch(at(i + plan.ahead), size, plan);
    }
    std::memcpy(out + i * size, at(i), size);
  }
}

Outcome Gather(const Job& job, const Plan& plan) {
  const std::size_t size = job.End() / job.rows.size();
  std::uint8_t* out = Recycled(job.End());
  ForEach((job.rows.size() + kRows - 1) / kRows, job.threads,
          [&](std::size_t i) {
            const std::size_t begin = i * kRows;
            const std::size_t end = std::min(job.rows.size(), begin + kRows);
            GatherSome(job, begin, end, size, plan, out);
          });
  return {Split(job), {}, nullptr, out};
}

}  // namespace

std::vector<Way> GatherWays() {
  const auto gather = [](const Plan& plan) {
    return [plan](const Job& job) { return Gather(job, plan); };
  };
  return {{"memcpy", gather({})},
          {"first line 8 ahead", gather({8, false})},
          {"first line 16 ahead", gather({16, false})},
          {"row 4 ahead", gather({4, true})},
          {"row 8 ahead", gather({8, true})},
          {"row 16 ahead", gather({16, true})}};
}

}  // namespace floor_program
