// Ways to read and check a file of which nothing is in the page cache.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "fastckpt/codec/crc32c.h"
#include "way.h"

namespace floor_program {
namespace {

using fastckpt::internal::ExtendCrc32c;

Outcome CheckMapping(const Job& job, int flags, int advice) {
  auto mapping = std::make_shared<Mapping>(job.data, flags, advice);
  Outcome done{Split(job), {}, mapping, mapping->data()};
  done.crcs.resize(done.parts.size());
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    done.crcs[i] = ExtendCrc32c(0, mapping->data() + part.begin, part.size());
  });
  return done;
}

// Parts of the file between multiples of `step`, whatever lies in them.
std::vector<Part> Steps(const Job& job, std::uint64_t step) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < job.tensors.size(); ++i) {
    const std::uint64_t end = job.tensors[i].offset + job.tensors[i].size;
    for (std::uint64_t at = job.tensors[i].offset; at < end;) {
      const std::uint64_t next = std::min(end, (at / step + 1) * step);
      parts.push_back({i, at, next});
      at = next;
    }
  }
  return parts;
}

// Reads to memory that is kept; checks each step when it has come.
Outcome CheckRead(const Job& job, std::uint64_t step, int flags) {
  const int file = open(job.data.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (file < 0) Die(job.data);
  posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
  const std::size_t count = (job.End() + step - 1) / step;
  std::uint8_t* data = Recycled(count * step);
  Outcome done{Steps(job, step), {}, nullptr, data};
  done.crcs.resize(done.parts.size());
  std::vector<std::size_t> first(count + 1, done.parts.size());
  for (std::size_t i = done.parts.size(); i > 0; --i) {
    first[done.parts[i - 1].begin / step] = i - 1;
  }
  ForEach(count, job.threads, [&](std::size_t i) {
    const auto at = static_cast<off_t>(i * step);
    if (pread(file, data + at, step, at) < 0) Die(job.data);
    for (std::size_t p = first[i]; p < first[i + 1]; ++p) {
      const Part& part = done.parts[p];
      done.crcs[p] = ExtendCrc32c(0, data + part.begin, part.size());
    }
  });
  close(file);
  return done;
}

}  // namespace

std::vector<Way> ColdWays() {
  const auto mapped = [](int flags, int advice) {
    return [=](const Job& job) { return CheckMapping(job, flags, advice); };
  };
  const auto read = [](std::uint64_t step, int flags) {
    return [=](const Job& job) { return CheckRead(job, step, flags); };
  };
  return {{"map", mapped(0, 0)},
          {"map, sequential", mapped(0, MADV_SEQUENTIAL)},
          {"map, asked for at once", mapped(0, MADV_WILLNEED)},
          {"map, populated", mapped(MAP_POPULATE, 0)},
          {"pread, 1 MiB", read(1 << 20, 0)},
          {"O_DIRECT, 1 MiB", read(1 << 20, O_DIRECT)},
          {"O_DIRECT, 4 MiB", read(4 << 20, O_DIRECT)}};
}

}  // namespace floor_program
