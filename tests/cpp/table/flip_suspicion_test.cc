#include "fastckpt/table/flip_suspicion.h"

#include <gtest/gtest.h>

#include "fastckpt/table/block_flip.h"
#include "testing/random.h"
#include "testing/tables.h"

namespace fastckpt::internal::flip_suspicion_test {
namespace {

std::string MakeStored(std::size_t size) {
  Random random(9);
  std::string file;
  AppendBlock(&file, random.Bytes(size));
  return file;
}

BitPlace Any(Random* random, std::uint64_t size) {
  return {random->Below(size), static_cast<unsigned>(random->Below(8))};
}

std::string Damaged(const std::string& stored,
                    const std::vector<BitPlace>& places) {
  std::string damaged = stored;
  for (const BitPlace& it : places) damaged = FlipBit(AsBytes(damaged), it);
  return damaged;
}

TEST(FlipSuspicionTest, SuspectsEachOfTwoBitsThatWereFlipped) {
  Random random(10);
  const std::string stored = MakeStored(20'000);
  for (int i = 0; i < 5; ++i) {
    const BitPlace a = Any(&random, 20'000);
    const BitPlace b = Any(&random, 20'000);
    if (a == b) continue;
    const std::string damaged = Damaged(stored, {a, b});
    const FlipSuspicion suspicion{AsBytes(damaged)};
    EXPECT_TRUE(suspicion.MayBeFlipped(a));
    EXPECT_TRUE(suspicion.MayBeFlipped(b));
  }
}

TEST(FlipSuspicionTest, SuspectsEachOfThreeBitsOfASmallBlock) {
  Random random(11);
  const std::string stored = MakeStored(500);
  for (int i = 0; i < 20; ++i) {
    const BitPlace a = Any(&random, 500);
    const BitPlace b = Any(&random, 500);
    const BitPlace in_checksum = {502 + random.Below(3), 4};
    const std::string damaged = Damaged(stored, {a, b, in_checksum});
    const FlipSuspicion suspicion{AsBytes(damaged)};
    EXPECT_TRUE(a == b || suspicion.MayBeFlipped(a));
    const std::string other = Damaged(stored, {a, b, {17, 3}});
    EXPECT_TRUE(a == b || FlipSuspicion{AsBytes(other)}.MayBeFlipped({17, 3}));
  }
}

TEST(FlipSuspicionTest, SuspectsFewOthers) {
  Random random(12);
  const std::string stored = MakeStored(500);
  int suspected = 0;
  for (int i = 0; i < 100; ++i) {
    std::string damaged = stored;
    damaged[static_cast<std::size_t>(random.Below(500))] ^= 0x5a;
    damaged[static_cast<std::size_t>(random.Below(500))] ^= 0x35;
    const FlipSuspicion suspicion{AsBytes(damaged)};
    suspected += suspicion.MayBeFlipped(Any(&random, 500));
  }
  EXPECT_LE(suspected, 3);
}

}  // namespace
}  // namespace fastckpt::internal::flip_suspicion_test
