#include "fastckpt/platform/float_mode.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <limits>

namespace fastckpt::internal::float_mode_test {
namespace {

// Not computed while compiling.
double Third() {
  volatile double one = 1;
  volatile double three = 3;
  return one / three;
}

TEST(FloatModeTest, RoundsToNearestAndPutsBackWhatWas) {
  const double nearest = Third();
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  const double upward = Third();
  double inside;
  {
    const PlainFloatMode mode;
    inside = Third();
  }
  const double after = Third();
  std::fesetround(FE_TONEAREST);
  EXPECT_GT(upward, nearest);
  EXPECT_EQ(inside, nearest);
  EXPECT_EQ(after, upward);
}

TEST(FloatModeTest, ForgetsTheFlagsOfWhatHappensInside) {
  std::feclearexcept(FE_ALL_EXCEPT);
  {
    const PlainFloatMode mode;
    volatile double large = std::numeric_limits<double>::max();
    volatile double larger = large * 2;
    ASSERT_TRUE(std::isinf(larger));
  }
  EXPECT_EQ(std::fetestexcept(FE_OVERFLOW), 0);
}

}  // namespace
}  // namespace fastckpt::internal::float_mode_test
