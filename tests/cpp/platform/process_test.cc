#include "fastckpt/platform/process.h"

#include <gtest/gtest.h>

#include "testing/forks.h"

namespace fastckpt::internal::process_test {
namespace {

TEST(Process, OwnProcessIsThisOneButNotAForkedChild) {
  const OwnProcess own;
  EXPECT_TRUE(own.IsThis());
  EXPECT_EQ(InChild([&] { return !own.IsThis() && OwnProcess().IsThis(); }), 0);
  EXPECT_TRUE(own.IsThis());
}

TEST(Process, ForksAreCountedInTheChildAlone) {
  const std::uint32_t before = ForkCount();
  EXPECT_EQ(InChild([&] { return ForkCount() == before + 1; }), 0);
  EXPECT_EQ(ForkCount(), before);
}

}  // namespace
}  // namespace fastckpt::internal::process_test
