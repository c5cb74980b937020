// What the machine can do at most: each way moves as many bytes as the file of
// the job has, in memory that is kept, and checks nothing.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "fastckpt/codec/crc32c.h"
#include "way.h"

namespace floor_program {
namespace {

constexpr std::size_t kStep = 2 << 20;

std::size_t Rounded(const Job& job) {
  return (job.End() + kStep - 1) / kStep * kStep;
}

std::uint64_t Sum(const std::uint8_t* data, std::size_t size) {
  std::uint64_t sums[8] = {};
  for (std::size_t at = 0; at + sizeof sums <= size; at += sizeof sums) {
    std::uint64_t words[8];
    std::memcpy(words, data + at, sizeof words);
    for (int i = 0; i < 8; ++i) sums[i] += words[i];
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t part : sums) sum += part;
  return sum;
}

template <typename Work>
Outcome Steps(const Job& job, const Work& work) {
  ForEach(Rounded(job) / kStep, job.threads,
          [&](std::size_t i) { work(i * kStep); });
  return {};
}

Outcome ReadMemory(const Job& job) {
  const std::uint8_t* data = Recycled(Rounded(job));
  std::atomic<std::uint64_t> sum{0};
  Steps(job, [&](std::size_t at) { sum += Sum(data + at, kStep); });
  if (sum == 1) std::cerr << "one\n";  // so that the sum is not left out
  return {};
}

Outcome CopyMemory(const Job& job) {
  const std::uint8_t* from = Recycled(Rounded(job));
  std::uint8_t* to = Recycled(Rounded(job), 1);
  return Steps(job,
               [&](std::size_t at) { std::memcpy(to + at, from + at, kStep); });
}

Outcome WriteMemory(const Job& job) {
  std::uint8_t* to = Recycled(Rounded(job), 1);
  return Steps(job, [&](std::size_t at) { std::memset(to + at, 1, kStep); });
}

// The routine alone, on bytes that stay in a core's cache.
Outcome Checksum(const Job& job) {
  const std::uint8_t* data = Recycled(Rounded(job));
  constexpr std::size_t kCached = 128 << 10;
  std::atomic<std::uint32_t> all{0};
  Steps(job, [&](std::size_t) {
    std::uint32_t crc = 0;
    for (std::size_t done = 0; done < kStep; done += kCached) {
      crc = fastckpt::internal::ExtendCrc32c(crc, data, kCached);
    }
    all ^= crc;
  });
  if (all == 1) std::cerr << "one\n";
  return {};
}

Outcome ReadDisk(const Job& job) {
  const int file = open(job.data.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT);
  if (file < 0) Die(job.data);
  std::uint8_t* data = Recycled(Rounded(job));
  Steps(job, [&](std::size_t at) {
    if (pread(file, data + at, kStep, static_cast<off_t>(at)) < 0) {
      Die(job.data);
    }
  });
  close(file);
  return {};
}

Outcome WriteDisk(const Job& job) {
  const int file =
      open(job.out.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_DIRECT,
           0644);
  if (file < 0) Die(job.out);
  const std::uint8_t* data = Recycled(Rounded(job));
  Steps(job, [&](std::size_t at) {
    if (pwrite(file, data + at, kStep, static_cast<off_t>(at)) < 0) {
      Die(job.out);
    }
  });
  if (fsync(file) != 0) Die(job.out);
  close(file);
  return {};
}

}  // namespace

std::vector<Way> LimitWays() {
  return {{"memory read", ReadMemory},   {"memory copy", CopyMemory},
          {"memory write", WriteMemory}, {"CRC32C in a cache", Checksum},
          {"disk read", ReadDisk},       {"disk write", WriteDisk}};
}

}  // namespace floor_program
