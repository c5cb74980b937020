// Checksums of bytes that come in segments, however those are cut and joined,
// against the definition: a division bit by bit.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "testing/random.h"

namespace fastckpt::internal::crc32c_segments_test {
namespace {

// RFC 3720, B.4: reflected, polynomial 0x1edc6f41, inverted before and after.
std::uint32_t Divided(std::string_view bytes) {
  std::uint32_t state = 0xffffffff;
  for (const char byte : bytes) {
    state ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      state = (state >> 1) ^ ((state & 1) != 0 ? 0x82f63b78 : 0);
    }
  }
  return ~state;
}

// Cuts of a text of that size, rising; equal neighbours are empty segments.
std::vector<std::size_t> AnyCuts(std::size_t size, Random* random) {
  std::vector<std::size_t> cuts = {0, size};
  for (std::uint64_t count = random->Below(6); count > 0; --count) {
    cuts.push_back(random->Below(size + 1));
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

class SegmentsTest : public ::testing::TestWithParam<Crc32cRoutines> {};

INSTANTIATE_TEST_SUITE_P(
    EveryRoutine, SegmentsTest,
    ::testing::ValuesIn(AvailableCrc32c().begin(), AvailableCrc32c().end()),
    [](const auto& test) {
      std::string name = test.param.name;
      for (char& letter : name) {
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
      }
      return name;
    });

TEST_P(SegmentsTest, AnyCutsGiveTheChecksumOfTheWhole) {
  Random random(60);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = random.Bytes(random.Below(3000));
    const std::vector<std::size_t> cuts = AnyCuts(bytes.size(), &random);
    std::uint32_t crc = 0;
    for (std::size_t c = 1; c < cuts.size(); ++c) {
      crc = GetParam().extend(crc, bytes.data() + cuts[c - 1],
                              cuts[c] - cuts[c - 1]);
    }
    EXPECT_EQ(crc, Divided(bytes));
  }
}

TEST_P(SegmentsTest, AnyCutsAreCopiedInTheirOrder) {
  Random random(61);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = random.Bytes(random.Below(3000));
    const std::vector<std::size_t> cuts = AnyCuts(bytes.size(), &random);
    std::string copy(bytes.size() + 2, '#');
    std::uint32_t crc = 0;
    for (std::size_t c = 1; c < cuts.size(); ++c) {
      crc = GetParam().extend_copy(crc, copy.data() + 1 + cuts[c - 1],
                                   bytes.data() + cuts[c - 1],
                                   cuts[c] - cuts[c - 1]);
    }
    EXPECT_EQ(copy, "#" + bytes + "#");
    EXPECT_EQ(crc, Divided(bytes));
  }
}

// A checksum that goes on from any state, as files' segments do.
TEST_P(SegmentsTest, EveryStateIsExtendedAsThePortableRoutineExtendsIt) {
  const Crc32cRoutines& portable = AvailableCrc32c().back();
  Random random(62);
  for (std::size_t size = 0; size < 700; ++size) {
    const std::string bytes = random.Bytes(size);
    for (const std::uint32_t crc :
         {0u, 1u, 0x80000000u, 0xffffffffu,
          static_cast<std::uint32_t>(random.Bits())}) {
      EXPECT_EQ(GetParam().extend(crc, bytes.data(), size),
                portable.extend(crc, bytes.data(), size))
          << size << " " << crc;
    }
  }
}

TEST_P(SegmentsTest, EveryFlippedBitChangesTheChecksum) {
  Random random(63);
  for (const std::size_t size : {1u, 15u, 64u, 257u}) {
    std::string bytes = random.Bytes(size);
    const std::uint32_t crc = GetParam().extend(0, bytes.data(), size);
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] ^= static_cast<char>(1u << bit % 8);
      EXPECT_NE(GetParam().extend(0, bytes.data(), size), crc) << bit;
      bytes[bit / 8] ^= static_cast<char>(1u << bit % 8);
    }
  }
}

TEST(SegmentsJoin, ChecksumsOfSegmentsJoinInAnyGrouping) {
  Random random(64);
  for (int i = 0; i < 300; ++i) {
    const std::string a = random.Bytes(random.Below(400));
    const std::string b = random.Bytes(random.Below(400));
    const std::string c = random.Bytes(random.Below(400));
    const std::uint32_t left = CombineCrc32c(
        CombineCrc32c(Divided(a), Divided(b), b.size()), Divided(c), c.size());
    const std::uint32_t right = CombineCrc32c(
        Divided(a), CombineCrc32c(Divided(b), Divided(c), c.size()),
        b.size() + c.size());
    EXPECT_EQ(left, Divided(a + b + c));
    EXPECT_EQ(right, left);
  }
}

TEST(SegmentsJoin, NothingBeforeOrBehindChangesNothing) {
  Random random(65);
  for (int i = 0; i < 100; ++i) {
    const auto crc = static_cast<std::uint32_t>(random.Bits());
    EXPECT_EQ(CombineCrc32c(crc, 0, 0), crc);
    EXPECT_EQ(CombineCrc32c(0, crc, random.Magnitude()), crc);
    EXPECT_EQ(ExtendCrc32c(crc, nullptr, 0), crc);
  }
}

// Zeros behind a segment: joined in log steps, or one by one.
TEST(SegmentsJoin, AnyNumberOfZerosIsJoinedAsIfTheyWereRead) {
  const std::string zeros(5000, '\0');
  const std::uint32_t crc = Divided("segment");
  for (std::size_t size = 0; size <= zeros.size(); size += 1 + size / 3) {
    EXPECT_EQ(CombineCrc32c(crc, Crc32c(AsBytes(zeros).first(size)), size),
              ExtendCrc32c(crc, zeros.data(), size))
        << size;
  }
}

TEST(SegmentsMask, EveryBitIsMaskedAndUnmasked) {
  Random random(66);
  for (int i = 0; i < 2000; ++i) {
    const auto crc = static_cast<std::uint32_t>(random.Bits());
    // crc32c.h of LevelDB: rotated by 15 to the right, then the delta added.
    const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    EXPECT_EQ(MaskCrc32c(crc), masked);
    EXPECT_EQ(UnmaskCrc32c(masked), crc);
    EXPECT_NE(masked, crc);
  }
}

}  // namespace
}  // namespace fastckpt::internal::crc32c_segments_test
