// Cursor and checked arithmetic against plain models of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "fastckpt/base/bytes.h"
#include "testing/hex.h"
#include "testing/random.h"
#include "testing/wire.h"

namespace fastckpt::internal::bytes_model_test {
namespace {

using Wide = unsigned __int128;

// The value and how many bytes it took; nothing where it is no varint of up to
// `most` bytes and `bits` bits.
std::optional<std::pair<std::uint64_t, std::size_t>> PlainVarint(
    std::string_view bytes, std::size_t most, unsigned bits) {
  Wide value = 0;
  for (std::size_t i = 0; i < std::min(most, bytes.size()); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value += Wide{byte % 128u} << (7 * i);
    if (byte >= 128) continue;
    if (value >> bits != 0) return std::nullopt;
    return std::pair(static_cast<std::uint64_t>(value), i + 1);
  }
  return std::nullopt;
}

void ExpectVarintsAsInTheModel(const std::string& bytes) {
  const auto wide = PlainVarint(bytes, 10, 64);
  Cursor cursor(AsBytes(bytes));
  std::uint64_t value = 77;
  EXPECT_EQ(cursor.TakeVarint64(&value), wide.has_value())
      << ToHex(AsBytes(bytes));
  EXPECT_EQ(cursor.position(), wide ? wide->second : 0);
  if (wide) {
    EXPECT_EQ(value, wide->first);
  }

  const auto narrow = PlainVarint(bytes, 5, 32);
  Cursor other(AsBytes(bytes));
  std::uint32_t value32 = 77;
  EXPECT_EQ(other.TakeVarint32(&value32), narrow.has_value())
      << ToHex(AsBytes(bytes));
  EXPECT_EQ(other.position(), narrow ? narrow->second : 0);
  if (narrow) {
    EXPECT_EQ(value32, narrow->first);
  }
}

TEST(VarintModel, EdgesAreReadWithAnyPaddingAndAnyFollower) {
  for (const std::uint64_t value : VarintEdges()) {
    for (unsigned padding = 0; padding < 11; ++padding) {
      const std::string bytes = Wire().Raw(value, padding).bytes();
      ExpectVarintsAsInTheModel(bytes);
      ExpectVarintsAsInTheModel(bytes + "\x80\x01");
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        ExpectVarintsAsInTheModel(bytes.substr(0, size));
      }
    }
  }
}

TEST(VarintModel, EveryLastByteOfEveryLengthIsReadAsInTheModel) {
  for (std::size_t size = 0; size < 11; ++size) {
    for (const char filler : {'\x80', '\xff', '\x81'}) {
      for (unsigned last = 0; last < 256; ++last) {
        ExpectVarintsAsInTheModel(std::string(size, filler) +
                                  static_cast<char>(last));
      }
    }
  }
}

TEST(VarintModel, RandomBytesAreReadAsInTheModel) {
  Random random(40);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = random.Bytes(random.Below(12));
    for (char& byte : bytes) {
      if (random.OneIn(2)) byte = static_cast<char>(byte | 0x80);
    }
    ExpectVarintsAsInTheModel(bytes);
  }
}

TEST(VarintModel, PutGivesThePlainEncodingAndItsSize) {
  Random random(41);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t value = random.Magnitude();
    std::string put = "before";
    PutVarint64(&put, value);
    EXPECT_EQ(put, "before" + Wire().Raw(value).bytes());
    EXPECT_EQ(VarintSize(value), put.size() - 6);
    const auto narrow = static_cast<std::uint32_t>(value);
    put.clear();
    PutVarint32(&put, narrow);
    EXPECT_EQ(put, Wire().Raw(narrow).bytes());
  }
  for (const std::uint64_t value : VarintEdges()) {
    EXPECT_EQ(VarintSize(value), Wire().Raw(value).bytes().size()) << value;
  }
}

TEST(FixedModel, LittleEndianIntegersLieAtAnyAddress) {
  Random random(42);
  const std::string bytes = random.Bytes(64);
  for (std::size_t at = 0; at + 8 <= bytes.size(); ++at) {
    const char* from = bytes.data() + at;
    const auto wide = LoadLittle<std::uint64_t>(from);
    EXPECT_EQ(Wire().Little(wide, 8).bytes(), bytes.substr(at, 8));
    EXPECT_EQ(LoadLittle<std::uint32_t>(from),
              static_cast<std::uint32_t>(wide));
    EXPECT_EQ(LoadLittle<std::uint16_t>(from),
              static_cast<std::uint16_t>(wide));
    EXPECT_EQ(LoadLittle<std::int64_t>(from), static_cast<std::int64_t>(wide));
    std::string put;
    PutFixed64(&put, wide);
    PutFixed32(&put, static_cast<std::uint32_t>(wide));
    EXPECT_EQ(put, bytes.substr(at, 8) + bytes.substr(at, 4));
  }
}

// A cursor is a string and a place: any sequence of takes moves both alike.
TEST(CursorModel, AnySequenceOfTakesMovesAsAPlaceInAString) {
  Random random(43);
  for (int round = 0; round < 500; ++round) {
    const std::string bytes = random.Bytes(random.Below(60));
    Cursor cursor(AsBytes(bytes));
    std::size_t at = 0;
    for (int step = 0; step < 20; ++step) {
      const std::size_t left = bytes.size() - at;
      EXPECT_EQ(cursor.remaining(), left);
      EXPECT_EQ(cursor.position(), at);
      EXPECT_EQ(cursor.AtEnd(), left == 0);
      EXPECT_EQ(AsText(cursor.rest()), bytes.substr(at));
      std::uint8_t byte = 0;
      std::uint32_t fixed32 = 0;
      std::uint64_t fixed64 = 0;
      ByteView view;
      const std::uint64_t size = random.Below(20);
      switch (random.Below(5)) {
        case 0:
          EXPECT_EQ(cursor.TakeByte(&byte), left >= 1);
          at += left >= 1 ? 1 : 0;
          break;
        case 1:
          EXPECT_EQ(cursor.TakeFixed32(&fixed32), left >= 4);
          at += left >= 4 ? 4 : 0;
          break;
        case 2:
          EXPECT_EQ(cursor.TakeFixed64(&fixed64), left >= 8);
          at += left >= 8 ? 8 : 0;
          break;
        case 3:
          ASSERT_EQ(cursor.TakeBytes(size, &view), left >= size);
          if (left < size) break;
          EXPECT_EQ(AsText(view), bytes.substr(at, size));
          at += size;
          break;
        default:
          EXPECT_FALSE(
              cursor.TakeBytes(left + 1 + random.Magnitude() / 2, &view));
      }
    }
  }
}

// Pairs of numbers near each power of two, where sums and products wrap.
TEST(ArithmeticModel, SumsProductsAndRangesAreThoseOfWiderIntegers) {
  constexpr Wide kLimit = Wide{1} << 64;
  std::vector<std::uint64_t> numbers = {0, 1, 2, 3};
  for (unsigned bit = 2; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    numbers.insert(numbers.end(), {power - 1, power, power + 1});
  }
  numbers.push_back(UINT64_MAX);
  for (const std::uint64_t a : numbers) {
    for (const std::uint64_t b : numbers) {
      std::uint64_t result = 0;
      const Wide sum = Wide{a} + b;
      EXPECT_EQ(CheckedAdd(a, b, &result), sum < kLimit) << a << " " << b;
      if (sum < kLimit) {
        EXPECT_EQ(result, static_cast<std::uint64_t>(sum));
      }
      const Wide product = Wide{a} * b;
      EXPECT_EQ(CheckedMultiply(a, b, &result), product < kLimit);
      if (product < kLimit) {
        EXPECT_EQ(result, static_cast<std::uint64_t>(product));
      }
      for (const std::uint64_t limit : {std::uint64_t{0}, a, b, UINT64_MAX}) {
        EXPECT_EQ(FitsWithin(a, b, limit), sum <= limit)
            << a << " " << b << " " << limit;
      }
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::bytes_model_test
