// Input: a V1 file.
#include <random>
#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "fuzz_folder.h"
#include "fuzz_target.h"
#include "read_everything.h"
#include "table_mutator.h"

namespace fastckpt::internal {
namespace {

void Open(const std::vector<std::string>& paths, IoMode mode, Checking verify) {
  try {
    ReadEverything(*CheckpointReader::OpenV1(paths, mode, verify));
  } catch (const Error&) {
  }
}

}  // namespace
}  // namespace fastckpt::internal

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fastckpt::internal;
  if (size > kMaxFuzzInput) return 0;
  const std::string path = FuzzFolder::Get().Write("model", {data, size});
  Open({path}, IoMode::kMap, Checking::kOnce);
  Open({path}, IoMode::kRead, Checking::kNever);
  // As two shards that list the same tensors.
  Open({path, path}, IoMode::kMap, Checking::kNever);
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                    std::size_t max_size, unsigned seed) {
  return fastckpt::internal::MutateTableInput(data, size, max_size, seed);
}
