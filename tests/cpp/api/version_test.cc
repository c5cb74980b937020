#include "fastckpt/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fastckpt::version_test {
namespace {

TEST(VersionTest, HasThreeNumbers) {
  EXPECT_THAT(std::string(Version()),
              testing::ContainsRegex("^[0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace fastckpt::version_test
