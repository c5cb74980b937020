// The floor: the least that a path can cost on this machine. Plain programs for
// the same work on the same bytes, without names, dtypes or Python.
//
//   floor check|read|copy|memcpy|cold-map|cold-direct DATA TABLE THREADS
//   floor write DATA TABLE THREADS OUT
//
// Each line "run" on standard input is answered by {"seconds": s} after one
// run; "prove" runs too and answers {"right": true} if the bytes were the
// table's.
#include <chrono>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <memory>

#include "fastckpt/codec/crc32c.h"
#include "work.h"

namespace floor_program {
namespace {

using Crcs = std::vector<std::uint32_t>;

struct Job {
  std::string data;
  std::vector<Tensor> tensors;
  std::size_t threads;
  std::string out;

  std::uint64_t End() const {
    std::uint64_t end = 0;
    for (const Tensor& tensor : tensors) {
      end = std::max(end, tensor.offset + tensor.size);
    }
    return end;
  }
};

// What one run leaves for the proof, and what must live until time is taken.
struct Outcome {
  std::vector<Part> parts;
  Crcs crcs;  // empty where the work computes none
  std::shared_ptr<void> held;
  const std::uint8_t* bytes = nullptr;
};

std::uint64_t Sum(const std::uint8_t* data, std::size_t size) {
  std::uint64_t sums[8] = {};
  std::size_t at = 0;
  for (; at + sizeof sums <= size; at += sizeof sums) {
    std::uint64_t words[8];
    std::memcpy(words, data + at, sizeof words);
    for (int i = 0; i < 8; ++i) sums[i] += words[i];
  }
  std::uint64_t sum = 0;
  for (; at < size; ++at) sum += data[at];
  for (const std::uint64_t part : sums) sum += part;
  return sum;
}

Outcome Check(const Job& job) {
  auto mapping = std::make_shared<Mapping>(job.data);
  Outcome done{Split(job.tensors, job.threads), {}, mapping, mapping->data()};
  done.crcs.resize(done.parts.size());
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    done.crcs[i] = fastckpt::internal::ExtendCrc32c(
        0, mapping->data() + part.begin, part.end - part.begin);
  });
  return done;
}

Outcome Read(const Job& job) {
  auto mapping = std::make_shared<Mapping>(job.data);
  Outcome done{Split(job.tensors, job.threads), {}, mapping, mapping->data()};
  std::atomic<std::uint64_t> sum{0};
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    sum += Sum(mapping->data() + part.begin, part.end - part.begin);
  });
  if (sum == 1) std::cerr << "one\n";  // so that the sum is not left out
  return done;
}

Outcome Copy(const Job& job) {
  const Mapping mapping(job.data);
  auto fresh = std::make_shared<Fresh>(mapping.size());
  Outcome done{Split(job.tensors, job.threads), {}, fresh, fresh->data()};
  done.crcs.resize(done.parts.size());
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    done.crcs[i] = fastckpt::internal::ExtendCrc32cCopy(
        0, fresh->data() + part.begin, mapping.data() + part.begin,
        part.end - part.begin);
  });
  return done;
}

Outcome Memcpy(const Job& job) {
  const Mapping mapping(job.data);
  auto fresh = std::make_shared<Fresh>(mapping.size());
  Outcome done{Split(job.tensors, job.threads), {}, fresh, fresh->data()};
  ForEach(done.parts.size(), job.threads, [&](std::size_t i) {
    const Part& part = done.parts[i];
    std::memcpy(fresh->data() + part.begin, mapping.data() + part.begin,
                part.end - part.begin);
  });
  return done;
}

// Past the page cache, which it leaves as empty as it was.
Outcome ReadDirect(const Job& job) {
  const int file = open(job.data.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT);
  if (file < 0) Die(job.data);
  const std::size_t size = job.End();
  auto fresh = std::make_shared<Fresh>(size + kPart);
  const std::size_t count = (size + kPart - 1) / kPart;
  ForEach(count, job.threads, [&](std::size_t i) {
    const auto at = static_cast<off_t>(i * kPart);
    if (pread(file, fresh->data() + at, kPart, at) < 0) Die(job.data);
  });
  close(file);
  return {Split(job.tensors, job.threads), {}, fresh, fresh->data()};
}

Outcome Write(const Job& job) {
  static const Mapping source(job.data);
  const int file = open(job.out.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0) Die(job.out);
  constexpr std::size_t kStep = 8 << 20;
  for (std::size_t at = 0; at < source.size(); at += kStep) {
    const std::size_t size = std::min(kStep, source.size() - at);
    if (write(file, source.data() + at, size) != static_cast<ssize_t>(size)) {
      Die(job.out);
    }
    sync_file_range(file, static_cast<off_t>(at), static_cast<off_t>(size),
                    SYNC_FILE_RANGE_WRITE);
  }
  if (fsync(file) != 0) Die(job.out);
  close(file);
  auto written = std::make_shared<Mapping>(job.out);
  return {Split(job.tensors, job.threads), {}, written, written->data()};
}

// The parts' checksums joined, or taken now, against the table's.
bool IsRight(const Job& job, Outcome* done) {
  if (done->crcs.empty()) {
    for (const Part& part : done->parts) {
      done->crcs.push_back(fastckpt::internal::ExtendCrc32c(
          0, done->bytes + part.begin, part.end - part.begin));
    }
  }
  Crcs joined(job.tensors.size(), 0);
  for (std::size_t i = 0; i < done->parts.size(); ++i) {
    const Part& part = done->parts[i];
    std::uint32_t& crc = joined[part.tensor];
    crc = fastckpt::internal::CombineCrc32c(crc, done->crcs[i],
                                            part.end - part.begin);
  }
  for (std::size_t i = 0; i < joined.size(); ++i) {
    if (joined[i] != job.tensors[i].crc32c) return false;
  }
  return true;
}

void DropFromCache(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) Die(path);
  fdatasync(file);
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  close(file);
}

void Answer(const Job& job, const std::function<Outcome(const Job&)>& work,
            bool is_cold) {
  std::cout << "{\"ready\": true}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (is_cold) DropFromCache(job.data);
    const auto begin = std::chrono::steady_clock::now();
    Outcome done = work(job);
    const std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - begin;
    std::cout << "{\"seconds\": " << seconds.count();
    if (line == "prove") {
      std::cout << ", \"right\": " << (IsRight(job, &done) ? "true" : "false");
    }
    // Before the answer: whoever runs next shall not share the CPUs with
    // munmap.
    done = {};
    std::cout << "}" << std::endl;
  }
}

int Main(int count, char** arguments) {
  const std::map<std::string, std::function<Outcome(const Job&)>> works = {
      {"check", Check},
      {"read", Read},
      {"copy", Copy},
      {"memcpy", Memcpy},
      {"write", Write},
      {"cold-map", Check},
      {"cold-direct", ReadDirect},
  };
  const std::string name = count > 4 ? arguments[1] : "";
  const auto work = works.find(name);
  if (work == works.end()) {
    std::cerr << "usage: floor WORK DATA TABLE THREADS [OUT]\n";
    return 2;
  }
  const Job job{arguments[2], ReadTable(arguments[3]),
                static_cast<std::size_t>(std::atoi(arguments[4])),
                count > 5 ? arguments[5] : ""};
  Answer(job, work->second, name.starts_with("cold"));
  return 0;
}

}  // namespace
}  // namespace floor_program

int main(int count, char** arguments) {
  return floor_program::Main(count, arguments);
}
