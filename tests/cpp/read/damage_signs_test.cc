#include "fastckpt/read/damage_signs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "testing/folder.h"

namespace fastckpt::internal::damage_signs_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DamageSignsTest : public ::testing::Test {
 protected:
  // Bytes of which none is 0.
  static std::string Bytes(std::size_t size) {
    std::mt19937 random(7);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 255 + 1);
    return bytes;
  }

  static std::string WithZeros(std::size_t size, std::size_t begin,
                               std::size_t end) {
    return Bytes(size).replace(begin, end - begin, end - begin, '\0');
  }

  Damage Find(const std::string& bytes, std::uint64_t offset,
              std::uint64_t size) const {
    folder_.Write("f", bytes);
    const DataFile file(folder_.Path("f"), IoMode::kRead);
    return DamageSigns(file).Find(offset, size);
  }

  const Folder folder_;
};

TEST_F(DamageSignsTest,
       PagesThatOverlapTheRangeAreGivenWithAllTheirNeighbours) {
  const std::string bytes = WithZeros(40'960, 8192, 20'480);
  const ZeroPages run{8192, 20'480, true};
  EXPECT_THAT(Find(bytes, 9000, 10).zeros, ElementsAre(run));
  EXPECT_THAT(Find(bytes, 0, 8193).zeros, ElementsAre(run));
  EXPECT_THAT(Find(bytes, 20'479, 5000).zeros, ElementsAre(run));
  EXPECT_THAT(Find(bytes, 0, 8192).zeros, IsEmpty());
  EXPECT_THAT(Find(bytes, 20'480, 9000).zeros, IsEmpty());
}

TEST_F(DamageSignsTest, ZerosThatFillNoWholePageAreNone) {
  EXPECT_THAT(Find(WithZeros(20'000, 4097, 12'287), 0, 20'000).zeros,
              IsEmpty());
}

TEST_F(DamageSignsTest, EveryRunOfARangeIsGiven) {
  std::string bytes = WithZeros(30'000, 4096, 8192);
  bytes.replace(16'384, 4096, 4096, '\0');
  EXPECT_THAT(Find(bytes, 0, 30'000).zeros,
              ElementsAre(ZeroPages{4096, 8192, true},
                          ZeroPages{16'384, 20'480, true}));
}

TEST_F(DamageSignsTest, LastPageMayBeShort) {
  EXPECT_THAT(Find(WithZeros(9000, 8192, 9000), 8500, 10).zeros,
              ElementsAre(ZeroPages{8192, 9000, true}));
  EXPECT_THAT(Find(WithZeros(8200, 8192, 8200), 8192, 8).zeros, IsEmpty());
}

TEST_F(DamageSignsTest, FileOfZerosAloneIsOneRun) {
  EXPECT_THAT(Find(std::string(142, '\0'), 3, 10).zeros,
              ElementsAre(ZeroPages{0, 142, true}));
}

TEST_F(DamageSignsTest, ZerosThatReachBeyondTheirPagesOnBothSidesAreNotCutOut) {
  EXPECT_THAT(Find(WithZeros(20'000, 4000, 12'388), 5000, 10).zeros,
              ElementsAre(ZeroPages{4096, 12'288, false}));
  EXPECT_THAT(Find(WithZeros(20'000, 4096, 12'388), 5000, 10).zeros,
              ElementsAre(ZeroPages{4096, 12'288, true}));
  EXPECT_THAT(Find(WithZeros(20'000, 0, 12'388), 5000, 10).zeros,
              ElementsAre(ZeroPages{0, 12'288, false}));
  EXPECT_THAT(Find(WithZeros(20'000, 4000, 20'000), 5000, 10).zeros,
              ElementsAre(ZeroPages{4096, 20'000, false}));
}

TEST_F(DamageSignsTest, ByteThatExplainsTheChecksumIsNamedByItsPlaceInTheFile) {
  std::string bytes = Bytes(5000);
  const std::uint32_t crc = Crc32c(AsBytes(bytes).subspan(1000, 3000));
  bytes[2345] = static_cast<char>(bytes[2345] ^ 0x5a);
  folder_.Write("f", bytes);
  const DataFile file(folder_.Path("f"), IoMode::kMap);
  EXPECT_EQ(DamageSigns(file).Find(1000, 3000, crc).wrong_byte, 2345u);
  EXPECT_FALSE(DamageSigns(file).Find(1000, 3000).wrong_byte);
}

TEST_F(DamageSignsTest, ManyRangesInAnyOrderGiveWhatEachGivesAlone) {
  std::string bytes = WithZeros(60'000, 8192, 24'576);
  bytes.replace(40'960, 4096, 4096, '\0');
  folder_.Write("f", bytes);
  const DataFile file(folder_.Path("f"), IoMode::kRead);
  DamageSigns signs(file);
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t offset = random() % 59'000;
    const std::uint64_t size = random() % 1000;
    EXPECT_EQ(signs.Find(offset, size).zeros,
              DamageSigns(file).Find(offset, size).zeros);
  }
}

TEST_F(DamageSignsTest, EmptyRangeHasNoSigns) {
  EXPECT_THAT(Find(std::string(142, '\0'), 3, 0).zeros, IsEmpty());
}

}  // namespace
}  // namespace fastckpt::internal::damage_signs_test
