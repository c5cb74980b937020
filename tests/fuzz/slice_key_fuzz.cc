// Input: the key of a stored slice.
#include <string>

#include "fastckpt/base/bytes.h"
#include "fastckpt/tensor/slice.h"
#include "fuzz_target.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > fastckpt::internal::kMaxFuzzInput) return 0;
  const std::string_view key = fastckpt::internal::AsText({data, size});
  std::string name;
  fastckpt::internal::SliceSpec spec;
  if (fastckpt::internal::ParseSliceKey(key, &name, &spec)) {
    fastckpt::internal::Require(fastckpt::internal::SliceKey(name, spec) == key,
                                "a key that parses is written again as it was");
  }
  return 0;
}
