#include "fastckpt/platform/streaming_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "testing/random.h"

namespace fastckpt::internal::streaming_copy_test {
namespace {

TEST(StreamingCopyTest, CopiesTheBytesAndNothingElse) {
  Random random(71);
  const std::string bytes = random.Bytes(20'000);
  for (std::size_t start = 0; start < 64; ++start) {
    for (const std::size_t size :
         {0u, 1u, 63u, 4095u, 4096u, 4097u, 4159u, 4224u, 19'001u}) {
      const std::size_t from = (start * 7) % 64;
      std::string target(start + size + 128, '#');
      std::string expected = target;
      std::copy_n(&bytes[from], size, &expected[start]);
      StreamingCopy(&target[start], &bytes[from], size);
      ASSERT_TRUE(target == expected) << start << " " << size;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::streaming_copy_test
