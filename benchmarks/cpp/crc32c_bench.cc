// CRC32C: every routine that this processor can run, by size, beside the floor
// of the same work without a checksum (reading; memcpy). A result is compared
// with the portable routine's before its time counts.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <cstring>
#include <numeric>
#include <random>
#include <string>

#include "fastckpt/codec/crc32c.h"

namespace fastckpt::internal {
namespace {

constexpr std::int64_t kLargest = std::int64_t{1} << 30;
constexpr std::int64_t kLargestCopy = std::int64_t{1} << 28;

// Anonymous memory on huge pages where the system has them.
class Memory {
 public:
  explicit Memory(std::size_t size)
      : size_(size),
        data_(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
#if defined(MADV_HUGEPAGE)
    madvise(data_, size, MADV_HUGEPAGE);
#endif
  }
  ~Memory() { munmap(data_, size_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  std::uint8_t* data() { return static_cast<std::uint8_t*>(data_); }

 private:
  std::size_t size_;
  void* data_;
};

const std::uint8_t* Source() {
  static Memory memory(kLargest);
  static const bool filled = [] {
    std::mt19937_64 random(1);
    for (std::int64_t i = 0; i < kLargest; i += 8) {
      const std::uint64_t word = random();
      std::memcpy(memory.data() + i, &word, sizeof word);
    }
    return true;
  }();
  benchmark::DoNotOptimize(filled);
  return memory.data();
}

std::size_t Size(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void CountBytes(benchmark::State* state) {
  state->SetBytesProcessed(state->iterations() * state->range(0));
}

bool IsRight(const Crc32cRoutines& routines, std::size_t size) {
  return routines.extend(0, Source(), size) ==
         AvailableCrc32c().back().extend(0, Source(), size);
}

void Extend(benchmark::State& state, const Crc32cRoutines& routines) {
  const std::size_t size = Size(state);
  if (!IsRight(routines, size)) state.SkipWithError("wrong checksum");
  for (auto _ : state) {
    benchmark::DoNotOptimize(routines.extend(0, Source(), size));
  }
  CountBytes(&state);
}

// Each call waits for the one before.
void ExtendInAChain(benchmark::State& state, const Crc32cRoutines& routines) {
  const std::size_t size = Size(state);
  const std::uint8_t* source = Source();
  std::uint32_t crc = 0;
  for (auto _ : state) crc = routines.extend(crc, source, size);
  benchmark::DoNotOptimize(crc);
  CountBytes(&state);
}

void Read(benchmark::State& state) {
  const std::size_t size = Size(state);
  const std::uint8_t* source = Source();
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, source + i, sizeof word);
      sum += word;
    }
    benchmark::DoNotOptimize(sum);
  }
  CountBytes(&state);
}

using Copy = std::uint32_t (*)(std::uint32_t crc, void* to, const void* from,
                               std::size_t size);

std::uint32_t CopyOnly(std::uint32_t crc, void* to, const void* from,
                       std::size_t size) {
  std::memcpy(to, from, size);
  return crc;
}

void CopyInPlace(benchmark::State& state, Copy copy) {
  const std::size_t size = Size(state);
  const std::uint8_t* source = Source();
  Memory target(size);
  for (auto _ : state) {
    benchmark::DoNotOptimize(copy(0, target.data(), source, size));
    benchmark::ClobberMemory();
  }
  CountBytes(&state);
}

// Into memory that nobody has touched: the kernel hands out its pages while
// the copy runs, and they count.
void CopyToFresh(benchmark::State& state, Copy copy) {
  const std::size_t size = Size(state);
  const std::uint8_t* source = Source();
  for (auto _ : state) {
    Memory target(size);
    benchmark::DoNotOptimize(copy(0, target.data(), source, size));
  }
  CountBytes(&state);
}

void RegisterCopy(const std::string& name, Copy copy) {
  benchmark::RegisterBenchmark(("crc32c/copy/" + name).c_str(), CopyInPlace,
                               copy)
      ->RangeMultiplier(4)
      ->Range(16, kLargestCopy);
  benchmark::RegisterBenchmark(("crc32c/copy_to_fresh/" + name).c_str(),
                               CopyToFresh, copy)
      ->Range(1 << 20, kLargestCopy);
}

void RegisterRoutines(const Crc32cRoutines& routines) {
  const std::string name = routines.name;
  benchmark::RegisterBenchmark(("crc32c/extend/" + name).c_str(), Extend,
                               routines)
      ->RangeMultiplier(4)
      ->Range(16, kLargest);
  benchmark::RegisterBenchmark(("crc32c/chain/" + name).c_str(), ExtendInAChain,
                               routines)
      ->RangeMultiplier(2)
      ->Range(16, 4096);
  RegisterCopy(name, routines.extend_copy);
}

const bool kRegistered = [] {
  benchmark::RegisterBenchmark("crc32c/read", Read)
      ->RangeMultiplier(4)
      ->Range(16, kLargest);
  RegisterCopy("memcpy", CopyOnly);
  for (const Crc32cRoutines& routines : AvailableCrc32c()) {
    RegisterRoutines(routines);
  }
  return true;
}();

void Combine(benchmark::State& state) {
  const auto size = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(CombineCrc32c(0x12345678, 0x9abcdef0, size));
  }
}
BENCHMARK(Combine)
    ->Name("crc32c/combine")
    ->Arg(4096)
    ->Arg(4 << 20)
    ->Arg((4 << 20) - 1);

}  // namespace
}  // namespace fastckpt::internal
