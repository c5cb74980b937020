#include "fastckpt/codec/crc32c_search.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

#include "fastckpt/codec/crc32c.h"

namespace fastckpt::internal::crc32c_search_test {
namespace {

std::string RandomBytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// What is found after `wrong` bits of a byte are turned over.
std::optional<std::uint64_t> Find(std::string bytes, std::size_t at,
                                  unsigned wrong) {
  const std::uint32_t right = Crc32c(AsBytes(bytes));
  bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(wrong));
  return FindWrongByte(Crc32c(AsBytes(bytes)) ^ right, bytes.size());
}

TEST(Crc32cSearch, EveryWrongBitOfAShortInputIsFound) {
  const std::string bytes = RandomBytes(100, 1);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      EXPECT_EQ(Find(bytes, at, 1u << bit), at);
    }
  }
}

TEST(Crc32cSearch, EveryWrongByteOfAShortInputIsFound) {
  const std::string bytes = RandomBytes(100, 2);
  for (unsigned wrong = 1; wrong < 256; ++wrong) {
    EXPECT_EQ(Find(bytes, 0, wrong), 0u);
    EXPECT_EQ(Find(bytes, 41, wrong), 41u);
    EXPECT_EQ(Find(bytes, 99, wrong), 99u);
  }
}

TEST(Crc32cSearch, WrongBitOfAnInputAsLongAsCanBeSearchedIsFound) {
  const std::string bytes = RandomBytes(kMaxWrongBitInput, 3);
  EXPECT_EQ(Find(bytes, 0, 0x80), 0u);
  EXPECT_EQ(Find(bytes, 12'345, 1), 12'345u);
}

TEST(Crc32cSearch, LongerInputsAreNotSearched) {
  EXPECT_FALSE(Find(RandomBytes(kMaxWrongBitInput + 1, 4), 9, 1));
  EXPECT_FALSE(Find(RandomBytes(kMaxWrongByteInput + 1, 5), 9, 0xff));
}

TEST(Crc32cSearch, RightChecksumNamesNoByte) {
  EXPECT_FALSE(FindWrongByte(0, 100));
  EXPECT_FALSE(FindWrongByte(1, 0));
}

// Chance explains one of some sixteen thousand of this size.
TEST(Crc32cSearch, OtherBytesAreHardlyEverExplainedByOne) {
  int found = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const std::string bytes = RandomBytes(1000, 2 * seed);
    const std::string others = RandomBytes(1000, 2 * seed + 1);
    const std::uint32_t difference =
        Crc32c(AsBytes(bytes)) ^ Crc32c(AsBytes(others));
    found += FindWrongByte(difference, bytes.size()).has_value();
  }
  EXPECT_LE(found, 1);
}

}  // namespace
}  // namespace fastckpt::internal::crc32c_search_test
