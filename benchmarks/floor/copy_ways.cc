// Ways to check and copy every byte of a file that is in the page cache, into
// memory that is kept or into memory that nobody has touched.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/platform/memory.h"
#include "fastckpt/read/copy_check.h"
#include "way.h"

namespace floor_program {
namespace {

namespace core = fastckpt::internal;

// Where bytes go, and what keeps that memory.
struct Target {
  std::uint8_t* data;
  std::shared_ptr<void> held;
};
using MakeTarget = Target (*)(std::size_t size);
using CopyPart = std::uint32_t (*)(std::uint8_t* to, const std::uint8_t* from,
                                   std::size_t size);

Target Kept(std::size_t size) { return {Recycled(size), nullptr}; }

Target OnHugePages(std::size_t size) {
  auto fresh = std::make_shared<Fresh>(size);
  return {fresh->data(), fresh};
}

Target OnSmallPages(std::size_t size) {
  auto fresh = std::make_shared<Fresh>(size, false);
  return {fresh->data(), fresh};
}

std::uint32_t Fused(std::uint8_t* to, const std::uint8_t* from,
                    std::size_t size) {
  return core::ExtendCrc32cCopy(0, to, from, size);
}

std::uint32_t FusedPastCaches(std::uint8_t* to, const std::uint8_t* from,
                              std::size_t size) {
  return core::ExtendCrc32cCopyPastCaches(0, to, from, size);
}

// Checks what stays in a core's cache and then copies it.
std::uint32_t InSteps(std::uint8_t* to, const std::uint8_t* from,
                      std::size_t size) {
  constexpr std::size_t kStep = 128 << 10;
  std::uint32_t crc = 0;
  for (std::size_t at = 0; at < size; at += kStep) {
    const std::size_t step = std::min(kStep, size - at);
    crc = core::ExtendCrc32c(crc, from + at, step);
    std::memcpy(to + at, from + at, step);
  }
  return crc;
}

Outcome CopyMapping(const Job& job, MakeTarget make, CopyPart copy, int flags) {
  const Mapping mapping(job.data, flags);
  const Target target = make(mapping.size());
  Outcome done{Split(job), {}, target.held, target.data};
  done.crcs.resize(done.parts.size());
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    done.crcs[i] = copy(target.data + part.begin, mapping.data() + part.begin,
                        part.size());
  });
  return done;
}

// Reads to the place and checks there, what is read still in the cache.
Outcome ReadInto(const Job& job, MakeTarget make, std::size_t step) {
  const int file = open(job.data.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) Die(job.data);
  const Target target = make(job.End());
  Outcome done{Split(job), {}, target.held, target.data};
  done.crcs.resize(done.parts.size());
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    for (std::uint64_t at = part.begin; at < part.end; at += step) {
      const std::size_t size = std::min<std::size_t>(step, part.end - at);
      if (pread(file, target.data + at, size, static_cast<off_t>(at)) < 0) {
        Die(job.data);
      }
      done.crcs[i] = core::ExtendCrc32c(done.crcs[i], target.data + at, size);
    }
  });
  close(file);
  return done;
}

// The library's loop over parts, to the places that are given.
void RunLibrary(const Job& job, const std::vector<std::uint8_t*>& places) {
  const core::DataFile file(job.data, core::IoMode::kMap);
  std::vector<core::Piece> pieces(job.tensors.size());
  std::vector<core::PieceTask> tasks(job.tensors.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    pieces[i].file = &file;
    pieces[i].offset = job.tensors[i].offset;
    pieces[i].size = job.tensors[i].size;
    pieces[i].crc32c = job.tensors[i].crc32c;
    tasks[i].piece = &pieces[i];
    tasks[i].dense = places[i];
    tasks[i].past_caches = job.End() >= core::kPastCachesFrom;
  }
  core::RunOptions options;
  options.threads = job.threads;
  core::RunTasks(tasks, options);
}

Outcome LibraryInto(const Job& job) {
  std::uint8_t* data = Recycled(job.End());
  std::vector<std::uint8_t*> places;
  for (const Tensor& tensor : job.tensors) {
    places.push_back(data + tensor.offset);
  }
  RunLibrary(job, places);
  return {Split(job), {}, nullptr, data};
}

// An allocation for each tensor, as the library makes them; proved by the
// loop itself, which throws where a checksum is another.
Outcome LibraryFresh(const Job& job) {
  using Places = std::vector<core::SlabAllocator::Place>;
  auto places = std::make_shared<Places>();
  core::SlabAllocator allocator(kPart);
  std::vector<std::uint8_t*> data;
  Crcs right;
  std::vector<Part> parts;
  for (std::size_t i = 0; i < job.tensors.size(); ++i) {
    const Tensor& tensor = job.tensors[i];
    places->push_back(
        allocator.Allocate(static_cast<std::size_t>(tensor.size)));
    data.push_back(places->back().data);
    right.push_back(tensor.crc32c);
    parts.push_back({i, tensor.offset, tensor.offset + tensor.size});
  }
  RunLibrary(job, data);
  return {parts, right, places, nullptr};
}

Run Copy(MakeTarget make, CopyPart copy, int flags = 0) {
  return [=](const Job& job) { return CopyMapping(job, make, copy, flags); };
}

Run Read(MakeTarget make, std::size_t step) {
  return [=](const Job& job) { return ReadInto(job, make, step); };
}

}  // namespace

std::vector<Way> CopyWays() {
  return {{"map, fused", Copy(Kept, Fused)},
          {"map, fused, past caches", Copy(Kept, FusedPastCaches)},
          {"map, populated, fused", Copy(Kept, Fused, MAP_POPULATE)},
          {"map, check then copy", Copy(Kept, InSteps)},
          {"pread, 128 KiB", Read(Kept, 128 << 10)},
          {"pread, 1 MiB", Read(Kept, 1 << 20)},
          {"the library's loop", LibraryInto}};
}

std::vector<Way> FreshCopyWays() {
  return {{"map, fused, huge pages", Copy(OnHugePages, Fused)},
          {"map, fused, past caches, huge pages",
           Copy(OnHugePages, FusedPastCaches)},
          {"map, fused, small pages", Copy(OnSmallPages, Fused)},
          {"map, check then copy, huge pages", Copy(OnHugePages, InSteps)},
          {"pread, 128 KiB, huge pages", Read(OnHugePages, 128 << 10)},
          {"pread, 1 MiB, huge pages", Read(OnHugePages, 1 << 20)},
          {"the library's loop and memory", LibraryFresh}};
}

}  // namespace floor_program
