// Every block in here goes through Decode, which compares with a decoder that
// copies byte by byte, and watches the bytes beside the output.
#include "fastckpt/codec/snappy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "testing/hex.h"
#include "testing/snappy_block.h"

namespace fastckpt::internal::snappy_test {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMargin = 64;
constexpr std::uint8_t kUntouched = 0xa5;

// Decodes into a buffer with margins and checks that they stay as they are.
std::string DecodeWithMargins(ByteView stored) {
  const std::size_t size = SnappyDecodedSize(stored);
  std::vector<std::uint8_t> buffer(size + 2 * kMargin, kUntouched);
  const auto decoded = std::span(buffer).subspan(kMargin, size);
  const auto expect_margins = [&] {
    EXPECT_EQ(std::count(buffer.begin(), buffer.begin() + kMargin, kUntouched),
              kMargin);
    EXPECT_EQ(std::count(buffer.end() - kMargin, buffer.end(), kUntouched),
              kMargin);
  };
  try {
    DecodeSnappy(stored, decoded);
  } catch (const Error&) {
    expect_margins();
    throw;
  }
  expect_margins();
  return std::string(AsText(decoded));
}

// Decodes a copy of the block, of just its size, so that a sanitizer sees the
// first byte read behind it; the result is the plain decoder's.
std::string Decode(std::string_view block) {
  const ByteView bytes = AsBytes(block);
  const std::vector<std::uint8_t> stored(bytes.begin(), bytes.end());
  const std::optional<std::string> expected = DecodePlainly(stored);
  try {
    std::string decoded = DecodeWithMargins(stored);
    EXPECT_EQ(expected, decoded) << ToHex(stored);
    return decoded;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption) << error.what();
    EXPECT_FALSE(expected.has_value()) << ToHex(stored) << error.what();
    throw;
  }
}

bool IsRefused(std::string_view block) {
  try {
    Decode(block);
    return false;
  } catch (const Error&) {
    return true;
  }
}

void ExpectRefused(std::string_view hex, const char* message) {
  EXPECT_THAT([&] { Decode(FromHex(hex)); },
              testing::ThrowsMessage<Error>(HasSubstr(message)))
      << hex;
}

std::string RandomBytes(std::size_t size, std::mt19937* random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>((*random)());
  return bytes;
}

// Appends an element of any kind, its offset often short.
void PutRandomElement(BlockMaker* maker, std::mt19937* random) {
  const auto below = [&](std::size_t limit) { return (*random)() % limit; };
  const std::size_t done = maker->decoded().size();
  if (done == 0 || below(3) == 0) {
    const unsigned length_bytes = static_cast<unsigned>(below(5));
    const std::size_t limit = length_bytes == 0 ? 60 : 100;
    maker->PutLiteral(RandomBytes(1 + below(limit), random), length_bytes);
    return;
  }
  const std::size_t reach = below(2) == 0 ? std::size_t{20} : done;
  const std::size_t offset = 1 + below(std::min(done, reach));
  if (offset < 2048 && below(2) == 0) {
    maker->PutCopy(offset, 4 + below(8), 1);
  } else {
    const bool is_far = offset > 0xffff || below(4) == 0;
    maker->PutCopy(offset, 1 + below(64), is_far ? 4 : 2);
  }
}

BlockMaker RandomBlock(std::size_t elements, unsigned seed) {
  std::mt19937 random(seed);
  BlockMaker maker;
  for (std::size_t i = 0; i < elements; ++i) PutRandomElement(&maker, &random);
  return maker;
}

// FORMAT.md section 13.
TEST(SnappyTest, DecodesTheVectorsOfTheFormat) {
  EXPECT_EQ(Decode(FromHex("00")), "");
  EXPECT_EQ(Decode(FromHex("01 00 61")), "a");
  EXPECT_EQ(Decode(FromHex("07 08786162 0102")), "xababab");
  EXPECT_EQ(Decode(FromHex("03 0078 0601 00")), "xxx");
}

// Written by TensorFlow: copies with offsets of 1, 2 and 4 bytes.
TEST(SnappyTest, DecodesABlockWrittenByTensorFlow) {
  const std::string elements =
      "3000000608011a02080100080f610d013c0801120412020802280835593ce535000a0100"
      "00010b04000000";
  const std::string expected =
      "00000608011a02080100080f61616161616161610801120412020802280835593ce53500"
      "00000001000000";
  EXPECT_EQ(ToHex(AsBytes(Decode(FromHex("2b" + elements)))), expected);
  // A padded size is the same size.
  EXPECT_EQ(ToHex(AsBytes(Decode(FromHex("ab00" + elements)))), expected);
}

TEST(SnappyTest, DecodesLiteralsWithOneToFourLengthBytes) {
  for (unsigned length_bytes = 1; length_bytes <= 4; ++length_bytes) {
    for (const std::size_t size : {1u, 60u, 61u, 256u}) {
      BlockMaker maker;
      maker.PutLiteral(std::string(size, 'l'), length_bytes);
      EXPECT_EQ(Decode(maker.Block()), maker.decoded());
    }
  }
}

TEST(SnappyTest, DecodesOneByteLiteralsThroughout) {
  BlockMaker maker;
  for (int i = 0; i < 300; ++i) {
    maker.PutLiteral(std::string(1, static_cast<char>(i)));
  }
  EXPECT_EQ(Decode(maker.Block()), maker.decoded());
}

// In the middle, where there is room for wide copies, and at the end.
TEST(SnappyTest, DecodesEveryShortOffsetWithEveryLength) {
  std::mt19937 random(1);
  for (std::size_t offset = 1; offset <= 80; ++offset) {
    for (std::size_t length = 1; length <= 64; ++length) {
      BlockMaker maker;
      maker.PutLiteral(RandomBytes(offset, &random), 1);
      maker.PutCopy(offset, length, 2);
      ASSERT_EQ(Decode(maker.Block()), maker.decoded());
      maker.PutLiteral(RandomBytes(100, &random), 1);
      ASSERT_EQ(Decode(maker.Block()), maker.decoded());
    }
  }
}

TEST(SnappyTest, DecodesOffsetsBeyondTheWindowOfTheReferenceEncoder) {
  std::mt19937 random(2);
  BlockMaker maker;
  maker.PutLiteral(RandomBytes(200'000, &random), 4);
  maker.PutCopy(200'000, 64, 4);
  maker.PutCopy(70'000, 64, 4);
  maker.PutCopy(65'535, 64, 2);
  EXPECT_EQ(Decode(maker.Block()), maker.decoded());
}

TEST(SnappyTest, DecodesRandomElements) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const BlockMaker maker = RandomBlock(seed, seed);
    ASSERT_EQ(Decode(maker.Block()), maker.decoded()) << "seed " << seed;
  }
}

TEST(SnappyTest, TellsTheSizeWithoutReadingElements) {
  EXPECT_EQ(SnappyDecodedSize(AsBytes(FromHex("05 ffff"))), 5u);
}

TEST(SnappyTest, RefusesAnOutputOfAnotherSize) {
  const std::string block = FromHex("01 00 61");
  std::vector<std::uint8_t> decoded(2);
  try {
    DecodeSnappy(AsBytes(block), decoded);
    FAIL() << "decoded one byte into two";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  }
}

TEST(SnappyTest, RefusesAnEmptyBlock) {
  ExpectRefused("", "does not begin with a size");
}

TEST(SnappyTest, RefusesACutSize) {
  ExpectRefused("80", "does not begin with a size");
  ExpectRefused("ffffffff", "does not begin with a size");
}

TEST(SnappyTest, RefusesASizeOfMoreThan32Bits) {
  ExpectRefused("ffffffff7f", "at most 32 bits");
  ExpectRefused("8080808010", "at most 32 bits");
}

TEST(SnappyTest, RefusesASizeOfMoreThanFiveBytes) {
  ExpectRefused("818080808000 00 61", "at most 32 bits");
}

TEST(SnappyTest, RefusesASizeThatNoElementsReach) {
  ExpectRefused("ffffffff0f 00 61",
                "declares 4294967295 bytes, more than its 2 can decode to");
}

TEST(SnappyTest, AcceptsTheHighestRatioThatCopiesReach) {
  BlockMaker maker;
  maker.PutLiteral("x");
  for (int i = 0; i < 1000; ++i) maker.PutCopy(1, 64, 2);
  EXPECT_EQ(Decode(maker.Block()), std::string(64'001, 'x'));
}

TEST(SnappyTest, RefusesALiteralBeyondTheInput) {
  ExpectRefused("05 10 61",
                "byte 1: a literal of 5 bytes, but 1 are left in the input");
}

TEST(SnappyTest, RefusesALiteralBeyondTheOutput) {
  ExpectRefused("01 04 6162", "byte 1: an element of 2 bytes, but only 1 of");
}

// Its length, 2^32, would be 0 in 32 bits.
TEST(SnappyTest, RefusesALiteralWhoseLengthWraps) {
  ExpectRefused("01 fcffffffff 61", "byte 1: an element of 4294967296 bytes");
}

TEST(SnappyTest, RefusesOffsetZero) {
  ExpectRefused("05 0061 0100", "byte 3: a copy from 0 bytes back");
  ExpectRefused("05 0061 0e0000", "byte 3: a copy from 0 bytes back");
  ExpectRefused("05 0061 0f00000000", "byte 3: a copy from 0 bytes back");
}

TEST(SnappyTest, RefusesAnOffsetBeforeTheOutput) {
  ExpectRefused("05 0061 0102",
                "byte 3: a copy from 2 bytes back, but 1 are decoded so far");
  ExpectRefused("05 0061 0fffffffff", "a copy from 4294967295 bytes back");
}

TEST(SnappyTest, RefusesACopyBeforeAnyLiteral) {
  ExpectRefused("04 0101", "byte 1: a copy from 1 bytes back, but 0 are");
}

TEST(SnappyTest, RefusesACopyBeyondTheOutput) {
  ExpectRefused("04 0061 0101", "byte 3: an element of 4 bytes, but only 3 of");
}

TEST(SnappyTest, RefusesACutTag) {
  ExpectRefused("05 0061 01", "byte 3: the input ends inside a tag");
  ExpectRefused("05 0061 0e01", "byte 3: the input ends inside a tag");
  ExpectRefused("05 0061 0f010000", "byte 3: the input ends inside a tag");
  ExpectRefused("05 f8 0000", "byte 1: the input ends inside a tag");
}

TEST(SnappyTest, RefusesInputThatEndsEarly) {
  ExpectRefused("02 0061", "byte 3: the input ends after 1 of 2 bytes");
  ExpectRefused("02", "byte 1: the input ends after 0 of 2 bytes");
}

TEST(SnappyTest, RefusesInputBehindTheLastByte) {
  ExpectRefused("01 0061 0062", "byte 3: an element of 1 bytes, but only 0 of");
  ExpectRefused("00 0061", "byte 1: an element of 1 bytes, but only 0 of");
}

// Far from both ends, where the fast path decodes.
TEST(SnappyTest, NamesTheElementThatIsBrokenInTheMiddle) {
  std::mt19937 random(3);
  const std::string many = RandomBytes(100, &random);
  BlockMaker maker;
  maker.PutLiteral(many, 1);
  std::string block = maker.BlockThatClaims(400);
  const std::string place = "byte " + std::to_string(block.size()) + ":";
  block += FromHex("fa6500");
  maker.PutLiteral(many, 1);
  EXPECT_THAT([&] { Decode(block + many + many + many); },
              testing::ThrowsMessage<Error>(HasSubstr(place)));
}

TEST(SnappyTest, RefusesAnyOtherSizeThanTheElementsGive) {
  const BlockMaker maker = RandomBlock(40, 4);
  const std::size_t size = maker.decoded().size();
  for (std::size_t claim = 0; claim < size + 200; ++claim) {
    EXPECT_EQ(IsRefused(maker.BlockThatClaims(claim)), claim != size) << claim;
  }
}

TEST(SnappyTest, RefusesEveryCut) {
  const std::string block = RandomBlock(60, 5).Block();
  for (std::size_t size = 0; size < block.size(); ++size) {
    EXPECT_TRUE(IsRefused(block.substr(0, size))) << "cut at " << size;
  }
}

// Some flips only change a literal's bytes; Decode compares every outcome.
TEST(SnappyTest, AgreesWithThePlainDecoderAfterEveryFlip) {
  std::string block = RandomBlock(60, 6).Block();
  std::size_t refused = 0;
  for (char& byte : block) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(byte ^ (1 << bit));
      refused += IsRefused(block) ? 1 : 0;
      byte = static_cast<char>(byte ^ (1 << bit));
    }
  }
  EXPECT_GT(refused, 100u);
}

TEST(SnappyTest, AgreesWithThePlainDecoderOnRandomBytes) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    IsRefused(RandomBytes(random() % 40, &random));
  }
}

}  // namespace
}  // namespace fastckpt::internal::snappy_test
