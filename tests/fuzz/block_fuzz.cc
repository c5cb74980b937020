// Input: the contents of a table's block.
#include <string>

#include "fastckpt/base/error.h"
#include "fastckpt/table/block_reader.h"
#include "fuzz_target.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > fastckpt::internal::kMaxFuzzInput) return 0;
  try {
    fastckpt::internal::BlockReader reader({data, size});
    std::string previous;
    for (bool is_first = true; reader.Next(); is_first = false) {
      fastckpt::internal::Require(is_first || previous < reader.key(),
                                  "keys rise");
      previous = reader.key();
    }
  } catch (const fastckpt::Error&) {
  }
  return 0;
}
