// Input: a Snappy block.
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/snappy.h"
#include "fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > fastckpt::kMaxFuzzInput) return 0;
  try {
    std::vector<std::uint8_t> decoded(
        fastckpt::SnappyDecodedSize({data, size}));
    fastckpt::DecodeSnappy({data, size}, decoded);
  } catch (const fastckpt::Error&) {
  }
  return 0;
}
