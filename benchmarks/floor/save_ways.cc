// Ways to put tensors that lie in memory into a new file, with their checksums,
// on the disk when they return.
//
// In memory the tensors lie as arrays do, each at a multiple of 64 bytes; in
// the file one follows the other. What goes past the page cache is therefore
// copied once.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "fastckpt/codec/crc32c.h"
#include "way.h"

namespace floor_program {
namespace {

namespace core = fastckpt::internal;

constexpr std::uint64_t kBlock = 4096;

// Tensors in memory: where each begins.
using Sources = std::vector<const std::uint8_t*>;

const Sources& SourcesOf(const Job& job) {
  static Sources sources;
  if (!sources.empty()) return sources;
  const Mapping mapping(job.data);
  std::uint8_t* to = Recycled(job.End() + 64 * job.tensors.size(), 1);
  for (const Tensor& tensor : job.tensors) {
    std::memcpy(to, mapping.data() + tensor.offset, tensor.size);
    sources.push_back(to);
    to += (tensor.size + 63) / 64 * 64;
  }
  return sources;
}

// Contiguous parts of the file, each from the tensors that it covers.
struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  std::size_t first;  // of the parts
  std::size_t last;
};

// Cuts the file at multiples of `step`, and parts at these cuts.
std::vector<Range> Cut(const Job& job, std::uint64_t step,
                       std::vector<Part>* parts) {
  std::vector<Range> ranges;
  const std::uint64_t size = job.End();
  std::size_t tensor = 0;
  for (std::uint64_t begin = 0; begin < size; begin += step) {
    Range range{begin, std::min(size, begin + step), parts->size(), 0};
    std::uint64_t at = begin;
    while (at < range.end && tensor < job.tensors.size()) {
      const Tensor& now = job.tensors[tensor];
      const std::uint64_t end = std::min(range.end, now.offset + now.size);
      parts->push_back({tensor, at, end});
      if (end == now.offset + now.size) ++tensor;
      at = end;
    }
    range.last = parts->size();
    ranges.push_back(range);
  }
  return ranges;
}

int Create(const Job& job, int flags = 0) {
  const std::string name = job.out + ".new";
  const int file =
      open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0644);
  if (file < 0) Die(name);
  return file;
}

// The new file takes the old one's place, as in a save.
Outcome Finish(const Job& job, int file, Outcome done) {
  if (fsync(file) != 0) Die(job.out);
  close(file);
  if (std::rename((job.out + ".new").c_str(), job.out.c_str()) != 0) {
    Die(job.out);
  }
  auto written = std::make_shared<Mapping>(job.out);
  done.bytes = written->data();
  done.held = written;
  return done;
}

void WriteAll(int file, const std::uint8_t* data, std::size_t size,
              std::uint64_t at) {
  while (size > 0) {
    const ssize_t done = pwrite(file, data, size, static_cast<off_t>(at));
    if (done <= 0) Die("pwrite");
    data += done;
    at += static_cast<std::uint64_t>(done);
    size -= static_cast<std::size_t>(done);
  }
}

Outcome WriteCached(const Job& job, bool allocates) {
  const Sources& sources = SourcesOf(job);
  Outcome done;
  const std::vector<Range> ranges = Cut(job, 8 << 20, &done.parts);
  done.crcs.resize(done.parts.size());
  const int file = Create(job);
  if (allocates) posix_fallocate(file, 0, static_cast<off_t>(job.End()));
  ForEach(ranges.size(), job.threads, [&](std::size_t i) {
    const Range& range = ranges[i];
    for (std::size_t p = range.first; p < range.last; ++p) {
      const Part& part = done.parts[p];
      const std::uint8_t* from =
          sources[part.tensor] + (part.begin - job.tensors[part.tensor].offset);
      done.crcs[p] = core::ExtendCrc32c(0, from, part.size());
      WriteAll(file, from, part.size(), part.begin);
    }
    sync_file_range(file, static_cast<off_t>(range.begin),
                    static_cast<off_t>(range.end - range.begin),
                    SYNC_FILE_RANGE_WRITE);
  });
  return Finish(job, file, std::move(done));
}

// Copies a range's tensors together, checking them in the same pass.
void Gather(const Job& job, const Range& range, std::uint8_t* to,
            Outcome* done) {
  const Sources& sources = SourcesOf(job);
  for (std::size_t p = range.first; p < range.last; ++p) {
    const Part& part = done->parts[p];
    const std::uint8_t* from =
        sources[part.tensor] + (part.begin - job.tensors[part.tensor].offset);
    done->crcs[p] = core::ExtendCrc32cCopy(0, to + (part.begin - range.begin),
                                           from, part.size());
  }
}

Outcome WriteMapped(const Job& job) {
  SourcesOf(job);
  Outcome done;
  const std::vector<Range> ranges = Cut(job, 8 << 20, &done.parts);
  done.crcs.resize(done.parts.size());
  const int file = Create(job);
  if (ftruncate(file, static_cast<off_t>(job.End())) != 0) Die(job.out);
  void* mapped =
      mmap(nullptr, job.End(), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) Die(job.out);
  ForEach(ranges.size(), job.threads, [&](std::size_t i) {
    const Range& range = ranges[i];
    Gather(job, range, static_cast<std::uint8_t*>(mapped) + range.begin, &done);
    sync_file_range(file, static_cast<off_t>(range.begin),
                    static_cast<off_t>(range.end - range.begin),
                    SYNC_FILE_RANGE_WRITE);
  });
  munmap(mapped, job.End());
  return Finish(job, file, std::move(done));
}

// Past the page cache; what fills no block at the end goes through it.
Outcome WriteDirect(const Job& job, std::uint64_t step, bool allocates) {
  SourcesOf(job);
  Outcome done;
  const std::vector<Range> ranges = Cut(job, step, &done.parts);
  done.crcs.resize(done.parts.size());
  const int file = Create(job);
  const int direct =
      open((job.out + ".new").c_str(), O_WRONLY | O_CLOEXEC | O_DIRECT);
  if (direct < 0) Die(job.out);
  if (allocates) posix_fallocate(file, 0, static_cast<off_t>(job.End()));
  std::uint8_t* buffers = Recycled(job.threads * step, 2);
  ForEach(ranges.size(), job.threads, [&](std::size_t i, std::size_t thread) {
    std::uint8_t* buffer = buffers + thread * step;
    const Range& range = ranges[i];
    Gather(job, range, buffer, &done);
    const std::uint64_t size = range.end - range.begin;
    const std::uint64_t whole = size / kBlock * kBlock;
    WriteAll(direct, buffer, whole, range.begin);
    WriteAll(file, buffer + whole, size - whole, range.begin + whole);
  });
  close(direct);
  return Finish(job, file, std::move(done));
}

}  // namespace

std::vector<Way> SaveWays() {
  const auto cached = [](bool allocates) {
    return [=](const Job& job) { return WriteCached(job, allocates); };
  };
  const auto direct = [](std::uint64_t step, bool allocates) {
    return [=](const Job& job) { return WriteDirect(job, step, allocates); };
  };
  return {{"write", cached(false)},
          {"fallocate, write", cached(true)},
          {"mmap", WriteMapped},
          {"O_DIRECT, 1 MiB", direct(1 << 20, false)},
          {"O_DIRECT, 2 MiB", direct(2 << 20, false)},
          {"O_DIRECT, 8 MiB", direct(8 << 20, false)},
          {"fallocate, O_DIRECT, 2 MiB", direct(2 << 20, true)},
          {"fallocate, O_DIRECT, 8 MiB", direct(8 << 20, true)}};
}

}  // namespace floor_program
