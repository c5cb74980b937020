// Input: a Snappy block.
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/snappy.h"
#include "fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > fastckpt::internal::kMaxFuzzInput) return 0;
  try {
    std::vector<std::uint8_t> decoded(
        fastckpt::internal::SnappyDecodedSize({data, size}));
    fastckpt::internal::DecodeSnappy({data, size}, decoded);
  } catch (const fastckpt::Error&) {
  }
  return 0;
}
