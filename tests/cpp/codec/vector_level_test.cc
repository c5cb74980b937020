#include "fastckpt/codec/vector_level.h"

#include <gtest/gtest.h>

#include "fastckpt/codec/float_cast.h"
#include "fastckpt/codec/lanes.h"
#include "fastckpt/platform/cpu.h"

namespace fastckpt::internal::vector_level_test {
namespace {

TEST(VectorLevel, IsTheFirstThatTheProcessorRuns) {
  for (int again = 0; again < 2; ++again) {
#if defined(__x86_64__)
    EXPECT_EQ(FirstVectorRoutine() == 0, HasAvx512Bw());
    EXPECT_EQ(FirstVectorRoutine() < 2, HasAvx2FmaF16c());
#else
    EXPECT_EQ(FirstVectorRoutine(), 0u);
#endif
  }
}

TEST(VectorLevel, EveryTableEndsWithWhatRunsEverywhere) {
  EXPECT_STREQ(AvailableLanes().back().name, "portable");
  EXPECT_STREQ(AvailableFloatCasts().back().name, "portable");
}

}  // namespace
}  // namespace fastckpt::internal::vector_level_test
