#include "fastckpt/codec/crc32c_flip.h"

#include <gtest/gtest.h>

#include <string>

#include "fastckpt/codec/crc32c.h"
#include "testing/random.h"

namespace fastckpt::internal::crc32c_flip_test {
namespace {

std::uint32_t Difference(const std::string& a, const std::string& b) {
  return Crc32c(AsBytes(a)) ^ Crc32c(AsBytes(b));
}

std::string Flipped(std::string bytes, const BitPlace& place) {
  char& byte = bytes[static_cast<std::size_t>(place.byte)];
  byte = static_cast<char>(byte ^ (1 << place.bit));
  return bytes;
}

TEST(Crc32cFlipTest, FindsEveryFlippedBit) {
  Random random(1);
  const std::string bytes = random.Bytes(100);
  for (std::uint64_t byte = 0; byte < bytes.size(); ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const BitPlace place{byte, bit};
      const auto found = FindFlippedBit(
          Difference(bytes, Flipped(bytes, place)), bytes.size());
      ASSERT_TRUE(found);
      EXPECT_EQ(*found, place);
    }
  }
}

TEST(Crc32cFlipTest, FindsOneFarFromTheEnd) {
  const std::string bytes(1 << 20, '\0');
  const BitPlace place{1, 6};
  EXPECT_EQ(
      FindFlippedBit(Difference(bytes, Flipped(bytes, place)), bytes.size()),
      place);
}

TEST(Crc32cFlipTest, TakesNoTwoFlippedBitsForOne) {
  Random random(2);
  const std::string bytes = random.Bytes(4096);
  for (int i = 0; i < 200; ++i) {
    const BitPlace a{random.Below(bytes.size()), 3};
    const BitPlace b{random.Below(bytes.size()), 5};
    const std::string damaged = Flipped(Flipped(bytes, a), b);
    EXPECT_FALSE(FindFlippedBit(Difference(bytes, damaged), bytes.size()));
  }
}

TEST(Crc32cFlipTest, FindsNothingWhereNothingDiffersOrAllIsTooLong) {
  EXPECT_FALSE(FindFlippedBit(0, 100));
  EXPECT_FALSE(FindFlippedBit(1, std::uint64_t{1} << 40));
  EXPECT_FALSE(FindFlippedBit(1, 0));
}

}  // namespace
}  // namespace fastckpt::internal::crc32c_flip_test
