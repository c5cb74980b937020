// What the ways share: the tensors of a file, threads over their parts, what a
// run leaves for its proof.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "memory.h"

namespace floor_program {

constexpr std::uint64_t kPart = 2 << 20;

struct Tensor {
  std::uint64_t offset;
  std::uint64_t size;
  std::uint32_t crc32c;
};

// Bytes [begin, end) of the file, all of one tensor.
struct Part {
  std::size_t tensor;
  std::uint64_t begin;
  std::uint64_t end;

  std::size_t size() const { return static_cast<std::size_t>(end - begin); }
};

struct Job {
  std::string data;
  std::vector<Tensor> tensors;
  std::string out;
  // Rows of the data that are gathered; empty where none are asked for.
  std::vector<std::int64_t> rows;
  std::size_t threads = 1;

  std::size_t End() const;
};

using Crcs = std::vector<std::uint32_t>;

// What one run leaves for the proof, and what must live until time is taken.
struct Outcome {
  std::vector<Part> parts;
  Crcs crcs;  // empty where the work computes none
  std::shared_ptr<void> held;
  const std::uint8_t* bytes = nullptr;  // of the file, from its begin
};

using Run = std::function<Outcome(const Job&)>;

struct Way {
  std::string name;
  Run run;
};

// Lines of "offset size crc32c".
std::vector<Tensor> ReadTable(const std::string& path);

// Numbers of 64 bits, as they lie; none where there is no such file.
std::vector<std::int64_t> ReadRows(const std::string& path);

// Parts of at most `largest` bytes, smaller where the threads would run dry.
std::vector<Part> Split(const Job& job, std::uint64_t largest = kPart);

// Whether the checksums that the work took are the table's, and those of the
// bytes that it left.
bool IsRight(const Job& job, const Outcome& done);

// Calls work(i), or work(i, thread), for each i below `count`.
template <typename Work>
void ForEach(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&](std::size_t thread) {
    for (std::size_t i = next++; i < count; i = next++) {
      if constexpr (std::is_invocable_v<Work, std::size_t, std::size_t>) {
        work(i, thread);
      } else {
        work(i);
      }
    }
  };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(run, i);
  run(0);
  for (std::thread& helper : helpers) helper.join();
}

// The ways of each path; a file for each.
std::vector<Way> CheckWays();
std::vector<Way> CopyWays();
std::vector<Way> FreshCopyWays();
std::vector<Way> SaveWays();
std::vector<Way> ColdWays();
std::vector<Way> GatherWays();
std::vector<Way> LimitWays();

}  // namespace floor_program
