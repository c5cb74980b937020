// Slices: copying a part of a matrix of 64 MiB, beside memcpy of as many bytes.
// What was copied is compared before its time counts.
#include <benchmark/benchmark.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "fastckpt/read/strided_copy.h"
#include "fastckpt/read/tensor_source.h"
#include "fastckpt/tensor/shape.h"

namespace fastckpt::internal {
namespace {

constexpr std::int64_t kRows = 1 << 14;
constexpr std::int64_t kColumns = 1 << 10;
constexpr std::size_t kItem = sizeof(std::uint32_t);
const std::vector<std::int64_t> kShape = {kRows, kColumns};

const std::vector<std::uint32_t>& Matrix() {
  static const std::vector<std::uint32_t> matrix = [] {
    std::vector<std::uint32_t> values(kRows * kColumns);
    std::iota(values.begin(), values.end(), 0u);
    return values;
  }();
  return matrix;
}

const std::uint8_t* Bytes() {
  return reinterpret_cast<const std::uint8_t*>(Matrix().data());
}

std::uint32_t At(std::int64_t row, std::int64_t column) {
  return static_cast<std::uint32_t>(row * kColumns + column);
}

void CopySlice(benchmark::State& state, const Region& region) {
  std::vector<std::uint32_t> out(RegionCount(region));
  const std::vector<std::int64_t> kept = {region[0].count, region[1].count};
  const Destination to{reinterpret_cast<std::uint8_t*>(out.data()),
                       ContiguousStrides(kept, kItem)};
  const auto copy = StridedCopy::Make(WholeBox(kShape), region, to, kItem, 1);
  if (!copy) return state.SkipWithError("nothing to copy");
  const auto run = [&] {
    copy->CopyRange(copy->begin(), copy->end(), Bytes() + copy->begin());
  };
  run();
  const auto last_row = region[0].start + (kept[0] - 1) * region[0].step;
  const auto last_column = region[1].start + (kept[1] - 1) * region[1].step;
  if (out.front() != At(region[0].start, region[1].start) ||
      out.back() != At(last_row, last_column)) {
    state.SkipWithError("wrong values");
  }
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(out.size() * kItem));
}

const Region kSomeRows = {{1000, 128, 1}, {0, kColumns, 1}};
const Region kSomeColumns = {{0, kRows, 1}, {100, 64, 1}};
const Region kEverySecond = {{0, kRows / 2, 2}, {0, kColumns / 2, 2}};
const Region kOneColumn = {{0, kRows, 1}, {5, 1, 1}};
BENCHMARK_CAPTURE(CopySlice, rows, kSomeRows)->Name("slice/128 rows");
BENCHMARK_CAPTURE(CopySlice, columns, kSomeColumns)->Name("slice/64 columns");
BENCHMARK_CAPTURE(CopySlice, steps, kEverySecond)->Name("slice/every second");
BENCHMARK_CAPTURE(CopySlice, column, kOneColumn)->Name("slice/one column");

void CopyAll(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::uint8_t> out(size);
  for (auto _ : state) {
    std::memcpy(out.data(), Bytes(), size);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(CopyAll)->Name("slice/memcpy")->Arg(128 << 12)->Arg(16 << 20);

}  // namespace
}  // namespace fastckpt::internal
