// Input: the size of an index in two bytes, the index, the bytes of a shard.
#include <algorithm>
#include <random>
#include <string>

#include "fastckpt/base/error.h"
#include "fastckpt/edit/index_salvage.h"
#include "fastckpt/v2/shard_name.h"
#include "fuzz_folder.h"
#include "fuzz_target.h"
#include "read_everything.h"
#include "require.h"
#include "table_mutator.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kSizeSize = 2;
constexpr std::uint64_t kMaxIndex = 1 << 20;

struct BundleInput {
  ByteView index;
  ByteView shard;
};

BundleInput Split(ByteView input) {
  const auto claimed = LoadLittle<std::uint16_t>(input.data());
  const ByteView rest = input.subspan(kSizeSize);
  const auto size = std::min<std::size_t>(claimed, rest.size());
  return {rest.first(size), rest.subspan(size)};
}

std::string Join(std::string_view index, std::string_view shard) {
  std::string input = {static_cast<char>(index.size()),
                       static_cast<char>(index.size() >> 8)};
  return input.append(index).append(shard);
}

void Open(const std::string& prefix, IoMode mode, Checking verify) {
  try {
    ReadEverything(
        *CheckpointReader::OpenBundle(prefix, mode, verify, kMaxIndex));
  } catch (const Error&) {
  }
}

// Whatever is wrong with an index, its salvage is one that opens.
void Salvage(const FuzzFolder& folder) {
  const SalvagePart part{folder.PathOf(IndexName("model")),
                         {folder.PathOf(DataName("model", 0, 1))}};
  const std::string to = folder.PathOf(IndexName("saved"));
  try {
    SalvageIndex({part}, to, kMaxIndex, nullptr);
  } catch (const Error&) {
    return;
  }
  try {
    const BundleIndex index(to, UINT64_MAX);
  } catch (const Error& error) {
    Require(error.kind() == ErrorKind::kUnsupported, error.what());
  }
}

}  // namespace
}  // namespace fastckpt::internal

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fastckpt::internal;
  if (size < kSizeSize || size > kMaxFuzzInput) return 0;
  const BundleInput input = Split({data, size});
  FuzzFolder& folder = FuzzFolder::Get();
  const std::string prefix = folder.PathOf("model");
  folder.Write(IndexName("model"), input.index);
  folder.Write(DataName("model", 0, 1), input.shard);
  Open(prefix, IoMode::kMap, Checking::kOnce);
  Open(prefix, IoMode::kRead, Checking::kNever);
  Salvage(folder);
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                    std::size_t max_size, unsigned seed) {
  using namespace fastckpt::internal;
  std::mt19937 random(seed);
  if (size < kSizeSize || random() % 8 == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const BundleInput input = Split({data, size});
  std::string index(AsText(input.index));
  std::string shard(AsText(input.shard));
  if (random() % 8 == 0) {
    MutateBytes(&shard);
  } else {
    index = MutateTable(index, &random);
  }
  return StoreMutated(Join(index, shard), data, max_size);
}
