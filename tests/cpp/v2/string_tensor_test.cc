#include "fastckpt/v2/string_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::string_tensor_test {
namespace {

using ::testing::HasSubstr;

// FORMAT section 5.6: ["ab", "", "xyz"] and its entry's masked checksum.
const std::string kThree = FromHex("020003 1b428bca 6162 78797a");
const std::uint32_t kThreeCrc = UnmaskCrc32c(0x3fc4ad10);

std::vector<std::string> Parse(const std::string& stored, std::uint64_t count,
                               std::uint32_t crc, bool check = true,
                               bool big_endian = false) {
  const StringElements elements =
      ParseStrings(AsBytes(stored), count, crc, big_endian, check);
  std::vector<std::string> values;
  std::size_t at = 0;
  for (const std::uint64_t size : elements.sizes) {
    values.emplace_back(AsText(elements.bytes.subspan(at, size)));
    at += size;
  }
  EXPECT_EQ(at, elements.bytes.size());
  return values;
}

std::string RefusalOf(const std::string& stored, std::uint64_t count,
                      bool check = false) {
  return CorruptionOf([&] { Parse(stored, count, 0, check); });
}

TEST(StringTensor, ReadsWhatTensorFlowWrote) {
  using Values = std::vector<std::string>;
  EXPECT_EQ(Parse(kThree, 3, kThreeCrc), (Values{"ab", "", "xyz"}));
  EXPECT_EQ(Parse(FromHex("01 1d158265 71"), 1, UnmaskCrc32c(0xa4defc64)),
            (Values{"q"}));
}

TEST(StringTensor, EmptyTensorIsTheChecksumOfNoSizes) {
  EXPECT_TRUE(Parse(FromHex("d8ea82a2"), 0, UnmaskCrc32c(0x640cc1f6)).empty());
}

TEST(StringTensor, EveryFlippedBitIsRefused) {
  for (std::size_t bit = 0; bit < kThree.size() * 8; ++bit) {
    std::string stored = kThree;
    stored[bit / 8] = static_cast<char>(stored[bit / 8] ^ 1 << bit % 8);
    EXPECT_NE(CorruptionOf([&] { Parse(stored, 3, kThreeCrc); }), "accepted")
        << bit;
  }
}

TEST(StringTensor, EveryCutIsRefusedEvenUnchecked) {
  for (std::size_t size = 0; size < kThree.size(); ++size) {
    EXPECT_NE(RefusalOf(kThree.substr(0, size), 3), "accepted") << size;
  }
}

TEST(StringTensor, WhichChecksumIsWrongIsSaid) {
  std::string stored = kThree;
  stored[3] ^= 1;
  EXPECT_THAT(CorruptionOf([&] { Parse(stored, 3, kThreeCrc); }),
              HasSubstr("sizes of the strings: stored checksum"));
  stored = kThree;
  stored[8] ^= 1;
  EXPECT_THAT(CorruptionOf([&] { Parse(stored, 3, kThreeCrc); }),
              HasSubstr("bytes of the strings: stored checksum"));
}

TEST(StringTensor, SizesMustAddUpToWhatIsThere) {
  EXPECT_THAT(RefusalOf(FromHex("020004 1b428bca 616278797a"), 3),
              HasSubstr("claim more than the 5 bytes"));
  EXPECT_THAT(RefusalOf(FromHex("020002 1b428bca 616278797a"), 3),
              HasSubstr("1 bytes are left behind"));
}

// Two sizes whose sum is 5 in 64 bits; sizes of 2^40 and 2^62.
TEST(StringTensor, SizesWhoseSumWrapsAreRefused) {
  EXPECT_NE(
      RefusalOf(FromHex("ffffffffffffffffff01 06 00000000 6161616161"), 2),
      "accepted");
  EXPECT_NE(RefusalOf(FromHex("808080808020 00000000 61"), 1), "accepted");
  EXPECT_NE(RefusalOf(FromHex("808080808080808040 00000000 61"), 1),
            "accepted");
}

TEST(StringTensor, CountIsComparedWithTheBytesBeforeATableIsMade) {
  for (const std::uint64_t count :
       {std::uint64_t{13}, std::uint64_t{1} << 34, UINT64_MAX}) {
    EXPECT_THAT(RefusalOf(kThree, count), HasSubstr("cannot be stored in 12"));
  }
  EXPECT_NE(RefusalOf("", 1), "accepted");
}

TEST(StringTensor, SizeThatDoesNotEndIsRefused) {
  EXPECT_THAT(RefusalOf(FromHex("80808080"), 1), HasSubstr("sizes of the"));
}

// Sizes over 2^32-1 count as 8 bytes, in the file's byte order.
TEST(StringTensor, SizesAreCheckedAsFixedIntegers) {
  const auto crc = [](std::string_view hex) {
    return Crc32c(AsBytes(FromHex(hex)));
  };
  EXPECT_EQ(ExtendCrc32cSize(0, 5, false), crc("05000000"));
  EXPECT_EQ(ExtendCrc32cSize(0, 5, true), crc("00000005"));
  EXPECT_EQ(ExtendCrc32cSize(0, 0xffffffff, false), crc("ffffffff"));
  EXPECT_EQ(ExtendCrc32cSize(0, 0x100000000, false), crc("0000000001000000"));
  EXPECT_EQ(ExtendCrc32cSize(0, 0x100000000, true), crc("0000000100000000"));
}

TEST(StringTensor, BigEndianChecksumOfTheSizesIsStoredBigEndian) {
  const std::uint32_t sizes_crc = ExtendCrc32cSize(0, 2, true);
  std::string little;
  PutFixed32(&little, MaskCrc32c(sizes_crc));
  const std::string checksum(little.rbegin(), little.rend());
  const std::uint32_t crc = ExtendCrc32c(
      sizes_crc, AsBytes(checksum + "ab").data(), checksum.size() + 2);
  const std::string stored = "\x02" + checksum + "ab";
  EXPECT_EQ(Parse(stored, 1, crc, true, true),
            (std::vector<std::string>{"ab"}));
  EXPECT_NE(CorruptionOf([&] { Parse(stored, 1, crc, true, false); }),
            "accepted");
}

// FORMAT section 13: a scalar variant that holds a list of tensors.
class VariantTest : public ::testing::Test {
 protected:
  const std::string stored_ = FromHex(
      "330a1674656e736f72666c6f773a3a54656e736f724c697374120d010101ffffffffff"
      "ffffffff011a0a080112002a040000c03f260ceb8b");
  const std::uint32_t crc_ = UnmaskCrc32c(0xd996f654);
};

TEST_F(VariantTest, StoredBytesOfTensorFlowAreRight) {
  CheckVariants(AsBytes(stored_), 1, crc_);
  CheckVariants({}, 0, 0);
}

TEST_F(VariantTest, EveryFlippedBitAndEveryCutIsRefused) {
  for (std::size_t bit = 0; bit < stored_.size() * 8; ++bit) {
    std::string bytes = stored_;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    EXPECT_NE(CorruptionOf([&] { CheckVariants(AsBytes(bytes), 1, crc_); }),
              "accepted");
  }
  for (std::size_t size = 0; size < stored_.size(); ++size) {
    const ByteView cut = AsBytes(stored_).first(size);
    EXPECT_THAT(CorruptionOf([&] { CheckVariants(cut, 1, crc_); }),
                HasSubstr("variant 0 is cut"));
  }
}

TEST_F(VariantTest, CountMustBeThatOfTheStoredOnes) {
  EXPECT_THAT(CorruptionOf([&] { CheckVariants(AsBytes(stored_), 2, crc_); }),
              HasSubstr("variant 1 is cut"));
  EXPECT_THAT(CorruptionOf([&] { CheckVariants(AsBytes(stored_), 0, crc_); }),
              HasSubstr("left behind"));
}

}  // namespace
}  // namespace fastckpt::internal::string_tensor_test
