#include "fastckpt/proto/version_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::version_message_test {
namespace {

using ::testing::HasSubstr;

Version Parse(std::string_view hex) {
  Version version;
  MergeVersion(AsBytes(FromHex(hex)), &version);
  return version;
}

TEST(VersionMessage, VersionRulesAreTensorFlows) {
  CheckVersion({0, 0, {}});
  CheckVersion({7, 1, {2, 3}});
  EXPECT_THAT(UnsupportedOf([] {
                CheckVersion({1, 2, {}});
              }),
              HasSubstr("asks for a reader of version 2"));
  EXPECT_THAT(UnsupportedOf([] {
                CheckVersion({1, 0, {3, 1}});
              }),
              HasSubstr("version 1 as unable"));
  EXPECT_THAT(UnsupportedOf([] {
                CheckVersion({-1, 0, {}});
              }),
              HasSubstr("producer version -1"));
}

TEST(VersionMessage, BadConsumersMayBePackedOrNot) {
  const std::vector<std::int32_t> expected = {1, 300, 2};
  EXPECT_EQ(Parse("1a 03 01ac02 1802").bad_consumers, expected);
  EXPECT_THAT(CorruptionOf([] { Parse("1a 01 80"); }),
              HasSubstr("a packed number is cut"));
}

TEST(VersionMessage, VersionsAreReadAndWrittenBack) {
  for (const char* hex : {"", "0801", "08011002", "0801100a1a0301ac02"}) {
    EXPECT_EQ(ToHex(AsBytes(VersionBytes(Parse(hex)))), hex);
  }
  EXPECT_EQ(Parse("08011002").producer, 1);
  EXPECT_EQ(Parse("08011002").min_consumer, 2);
}

}  // namespace
}  // namespace fastckpt::internal::version_message_test
