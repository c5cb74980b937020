// Stored strings and variants against a writer that follows the description,
// in both byte orders, whole and damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/v2/string_tensor.h"
#include "fastckpt/write/string_writer.h"
#include "testing/random.h"
#include "testing/refusal.h"
#include "testing/wire.h"

namespace fastckpt::internal::string_model_test {
namespace {

using ::testing::HasSubstr;

using Texts = std::vector<std::string>;

struct Stored {
  std::string bytes;
  std::uint32_t crc32c;  // the entry's
};

std::string Ordered(std::string little, bool big_endian) {
  if (big_endian) std::ranges::reverse(little);
  return little;
}

// FORMAT section 5.6: the checksum is of the sizes as fixed integers, of the
// masked checksum of these, and of the texts.
Stored PlainStrings(const Texts& texts, bool big_endian) {
  Wire sizes;
  std::string summed;
  std::string joined;
  for (const std::string& text : texts) {
    sizes.Raw(text.size());
    summed += Ordered(Wire().Little(text.size(), 4).bytes(), big_endian);
    joined += text;
  }
  const std::uint32_t masked = MaskCrc32c(Crc32c(AsBytes(summed)));
  const std::string checksum =
      Ordered(Wire().Little(masked, 4).bytes(), big_endian);
  return {sizes.bytes() + checksum + joined,
          Crc32c(AsBytes(summed + checksum + joined))};
}

Texts AnyTexts(Random* random) {
  Texts texts(random->Below(6));
  for (std::string& text : texts) text = random->Bytes(random->Below(300));
  return texts;
}

TEST(StringModel, WrittenStringsAreThePlainOnes) {
  Random random(100);
  for (int i = 0; i < 500; ++i) {
    const Texts texts = AnyTexts(&random);
    const StringValues values(texts.begin(), texts.end());
    const Stored plain = PlainStrings(texts, false);
    std::string written;
    EXPECT_EQ(
        WriteStrings(values, [&](ByteView piece) { written += AsText(piece); }),
        plain.crc32c);
    EXPECT_EQ(written, plain.bytes);
    EXPECT_EQ(StoredSize(values), plain.bytes.size());
  }
}

// The sizes go out in pieces: around each border nothing is lost or doubled.
TEST(StringModel, ManySizesAreWrittenAcrossTheirPieces) {
  for (const std::size_t count : {4095u, 4096u, 4097u, 8192u, 9000u}) {
    const Texts texts(count, "x");
    const StringValues values(texts.begin(), texts.end());
    std::string written;
    WriteStrings(values, [&](ByteView piece) { written += AsText(piece); });
    EXPECT_TRUE(written == PlainStrings(texts, false).bytes) << count;
  }
}

TEST(StringModel, StringsOfBothByteOrdersAreRead) {
  Random random(101);
  for (int i = 0; i < 500; ++i) {
    const Texts texts = AnyTexts(&random);
    for (const bool big_endian : {false, true}) {
      const Stored plain = PlainStrings(texts, big_endian);
      const StringElements elements =
          ParseStrings(AsBytes(plain.bytes), texts.size(), plain.crc32c,
                       big_endian, /*check=*/true);
      ASSERT_EQ(elements.sizes.size(), texts.size());
      std::string joined;
      for (std::size_t t = 0; t < texts.size(); ++t) {
        EXPECT_EQ(elements.sizes[t], texts[t].size());
        joined += texts[t];
      }
      EXPECT_EQ(AsText(elements.bytes), joined);
    }
  }
}

TEST(StringModel, TheOtherByteOrderIsRefusedWhereThereAreSizes) {
  const Stored plain = PlainStrings({"a", "bcd"}, true);
  EXPECT_THAT(CorruptionOf([&] {
                ParseStrings(AsBytes(plain.bytes), 2, plain.crc32c, false,
                             true);
              }),
              HasSubstr("sizes of the strings: stored checksum"));
}

TEST(StringModel, AnyFlippedBitIsRefusedInBothByteOrders) {
  Random random(102);
  for (const bool big_endian : {false, true}) {
    const Texts texts = {"", random.Bytes(3), random.Bytes(130)};
    const Stored plain = PlainStrings(texts, big_endian);
    for (std::size_t bit = 0; bit < 8 * plain.bytes.size(); ++bit) {
      std::string flipped = plain.bytes;
      flipped[bit / 8] ^= static_cast<char>(1u << bit % 8);
      EXPECT_NE(CorruptionOf([&] {
                  ParseStrings(AsBytes(flipped), 3, plain.crc32c, big_endian,
                               true);
                }),
                "accepted")
          << bit;
    }
  }
}

TEST(StringModel, AnyOtherCountIsRefused) {
  const Stored plain = PlainStrings({"ab", "c", "def"}, false);
  for (std::uint64_t count = 0; count < 20; ++count) {
    EXPECT_EQ(CorruptionOf([&] {
                ParseStrings(AsBytes(plain.bytes), count, plain.crc32c, false,
                             true);
              }) == "accepted",
              count == 3)
        << count;
  }
}

// FORMAT section 5.7: the checksum runs on over all that came before.
Stored PlainVariants(const Texts& messages) {
  std::string bytes;
  std::string summed;
  for (const std::string& message : messages) {
    bytes += Wire().Raw(message.size()).bytes() + message;
    summed += Wire().Little(message.size(), 8).bytes() + message;
    const std::string checksum =
        Wire().Little(MaskCrc32c(Crc32c(AsBytes(summed))), 4).bytes();
    bytes += checksum;
    summed += checksum;
  }
  return {bytes, Crc32c(AsBytes(summed))};
}

TEST(VariantModel, StoredVariantsAreRightAndNoOtherCountOfThem) {
  Random random(103);
  for (int i = 0; i < 300; ++i) {
    const Texts messages = AnyTexts(&random);
    const Stored plain = PlainVariants(messages);
    for (std::uint64_t count = 0; count < messages.size() + 2; ++count) {
      EXPECT_EQ(CorruptionOf([&] {
                  CheckVariants(AsBytes(plain.bytes), count, plain.crc32c);
                }) == "accepted",
                count == messages.size());
    }
  }
}

TEST(VariantModel, VariantsInAnotherOrderAreRefused) {
  const Stored right = PlainVariants({"first", "other"});
  const std::string swapped =
      right.bytes.substr(10) + right.bytes.substr(0, 10);
  EXPECT_THAT(
      CorruptionOf([&] { CheckVariants(AsBytes(swapped), 2, right.crc32c); }),
      HasSubstr("variant: stored checksum"));
}

TEST(VariantModel, AnEntryWithAnotherChecksumIsRefused) {
  const Stored plain = PlainVariants({"message"});
  EXPECT_THAT(CorruptionOf([&] {
                CheckVariants(AsBytes(plain.bytes), 1, plain.crc32c ^ 1);
              }),
              HasSubstr("variants: stored checksum"));
}

// Sizes are counted with four bytes up to 2^32-1 and with eight beyond.
TEST(SizeModel, SizesAreSummedInFourBytesOrEight) {
  for (const std::uint64_t size : VarintEdges()) {
    const unsigned width = size > UINT32_MAX ? 8 : 4;
    for (const bool big_endian : {false, true}) {
      const std::string fixed =
          Ordered(Wire().Little(size, width).bytes(), big_endian);
      EXPECT_EQ(ExtendCrc32cSize(0x1234, size, big_endian),
                ExtendCrc32c(0x1234, fixed.data(), fixed.size()))
          << size;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::string_model_test
