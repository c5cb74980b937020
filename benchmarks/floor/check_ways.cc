// Ways to check every byte of a file that is in the page cache.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/read/copy_check.h"
#include "way.h"

namespace floor_program {
namespace {

using fastckpt::internal::ExtendCrc32c;

// How a mapping is made and its parts are prepared.
struct Plan {
  int flags = 0;
  int advice = 0;
  std::uint64_t largest = kPart;
  bool populates_parts = false;
};

void Populate([[maybe_unused]] const std::uint8_t* data,
              [[maybe_unused]] std::size_t size) {
#if defined(MADV_POPULATE_READ)
  constexpr std::uintptr_t kPage = 4096;
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t begin = address / kPage * kPage;
  madvise(reinterpret_cast<void*>(begin), address - begin + size,
          MADV_POPULATE_READ);
#endif
}

Outcome CheckMapping(const Job& job, const Plan& plan) {
  auto mapping = std::make_shared<Mapping>(job.data, plan.flags, plan.advice);
  Outcome done{Split(job, plan.largest), {}, mapping, mapping->data()};
  done.crcs.resize(done.parts.size());
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    const std::uint8_t* bytes = mapping->data() + part.begin;
    if (plan.populates_parts) Populate(bytes, part.size());
    done.crcs[i] = ExtendCrc32c(0, bytes, part.size());
  });
  return done;
}

// Reads into memory that stays in a core's cache.
Outcome CheckRead(const Job& job, std::size_t step) {
  const int file = open(job.data.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) Die(job.data);
  Outcome done{Split(job), {}, nullptr, nullptr};
  done.crcs.resize(done.parts.size());
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    thread_local std::vector<std::uint8_t> buffer;
    buffer.resize(step);
    const Part& part = done.parts[i];
    for (std::uint64_t at = part.begin; at < part.end; at += step) {
      const std::size_t size = std::min<std::size_t>(step, part.end - at);
      if (pread(file, buffer.data(), size, static_cast<off_t>(at)) < 0) {
        Die(job.data);
      }
      done.crcs[i] = ExtendCrc32c(done.crcs[i], buffer.data(), size);
    }
  });
  close(file);
  return done;
}

// The library's own loop, without an index, names and Python.
Outcome CheckAsLibrary(const Job& job) {
  using namespace fastckpt::internal;
  auto file = std::make_shared<DataFile>(job.data, IoMode::kMap);
  std::vector<Piece> pieces(job.tensors.size());
  std::vector<PieceTask> tasks(job.tensors.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    pieces[i].file = file.get();
    pieces[i].offset = job.tensors[i].offset;
    pieces[i].size = job.tensors[i].size;
    pieces[i].crc32c = job.tensors[i].crc32c;
    tasks[i].piece = &pieces[i];
  }
  RunOptions options;
  options.threads = job.threads;
  RunTasks(tasks, options);
  return {Split(job), {}, file, file->mapping()->bytes().data()};
}

}  // namespace

std::vector<Way> CheckWays() {
  const auto mapped = [](const Plan& plan) {
    return [plan](const Job& job) { return CheckMapping(job, plan); };
  };
  const auto read = [](std::size_t step) {
    return [step](const Job& job) { return CheckRead(job, step); };
  };
  return {{"map", mapped({})},
          {"map, parts of 256 KiB", mapped({0, 0, 256 << 10, false})},
          {"map, populated", mapped({MAP_POPULATE, 0, kPart, false})},
          {"map, parts populated", mapped({0, 0, kPart, true})},
          {"map, huge pages", mapped({0, MADV_HUGEPAGE, kPart, false})},
          {"pread, 128 KiB", read(128 << 10)},
          {"pread, 512 KiB", read(512 << 10)},
          {"the library's loop", CheckAsLibrary}};
}

}  // namespace floor_program
