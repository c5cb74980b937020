// Blocks: decoding the entries of a block of 256 KiB, by how much their keys
// share, beside reading the same bytes. What is decoded is counted before its
// time counts.
#include <benchmark/benchmark.h>

#include <numeric>
#include <string>

#include "fastckpt/base/bytes.h"
#include "fastckpt/table/block_reader.h"
#include "fastckpt/table/block_writer.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kBlockSize = 1 << 18;

struct Made {
  std::string block;
  std::size_t entries = 0;
};

// Names as a model has them, behind a scope of `scope_size` bytes.
Made MakeBlock(std::size_t scope_size) {
  const std::string scope(scope_size, 's');
  BlockWriter writer(16);
  Made made;
  while (writer.SizeIfFinished() < kBlockSize) {
    const std::string number = std::to_string(10'000'000 + made.entries);
    writer.Add(scope + number + "/kernel", std::string(24, '\x08'));
    ++made.entries;
  }
  made.block = writer.Finish();
  return made;
}

std::size_t Decode(ByteView block) {
  BlockReader reader(block);
  std::size_t entries = 0;
  while (reader.Next()) {
    benchmark::DoNotOptimize(reader.key().data());
    benchmark::DoNotOptimize(reader.value().data());
    ++entries;
  }
  return entries;
}

void DecodeBlock(benchmark::State& state) {
  const Made made = MakeBlock(static_cast<std::size_t>(state.range(0)));
  const ByteView block = AsBytes(made.block);
  if (Decode(block) != made.entries) state.SkipWithError("entries are lost");
  for (auto _ : state) benchmark::DoNotOptimize(Decode(block));
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(block.size()));
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(made.entries));
}
BENCHMARK(DecodeBlock)->Name("block/decode/scope")->Arg(0)->Arg(32)->Arg(128);

void ReadBlock(benchmark::State& state) {
  const Made made = MakeBlock(32);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        std::accumulate(made.block.begin(), made.block.end(), 0));
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(made.block.size()));
}
BENCHMARK(ReadBlock)->Name("block/read");

}  // namespace
}  // namespace fastckpt::internal
