#include "fastckpt/base/bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "testing/hex.h"

namespace fastckpt::internal::bytes_test {
namespace {

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();

// One body for every scalar that a cursor takes.
struct Byte {
  using Value = std::uint8_t;
  static constexpr auto kTake = &Cursor::TakeByte;
};
struct Varint32 {
  using Value = std::uint32_t;
  static constexpr auto kTake = &Cursor::TakeVarint32;
  static constexpr auto kPut = PutVarint32;
};
struct Varint64 {
  using Value = std::uint64_t;
  static constexpr auto kTake = &Cursor::TakeVarint64;
  static constexpr auto kPut = PutVarint64;
};
struct Fixed32 {
  using Value = std::uint32_t;
  static constexpr auto kTake = &Cursor::TakeFixed32;
  static constexpr auto kPut = PutFixed32;
};
struct Fixed64 {
  using Value = std::uint64_t;
  static constexpr auto kTake = &Cursor::TakeFixed64;
  static constexpr auto kPut = PutFixed64;
};

template <typename Scalar>
void ExpectTaken(std::string_view bytes, typename Scalar::Value expected,
                 std::size_t size) {
  Cursor in(AsBytes(bytes));
  typename Scalar::Value value = 0;
  ASSERT_TRUE((in.*Scalar::kTake)(&value)) << ToHex(AsBytes(bytes));
  EXPECT_EQ(value, expected) << ToHex(AsBytes(bytes));
  EXPECT_EQ(in.position(), size) << ToHex(AsBytes(bytes));
  EXPECT_EQ(in.remaining(), bytes.size() - size);
}

// The failed Take leaves the cursor where it stood, one byte into `bytes`, and
// the value alone.
template <typename Scalar>
void ExpectRefused(std::string_view bytes) {
  const std::string with_one_before = std::string("x").append(bytes);
  Cursor in(AsBytes(with_one_before));
  std::uint8_t first = 0;
  ASSERT_TRUE(in.TakeByte(&first));
  typename Scalar::Value value = 77;
  EXPECT_FALSE((in.*Scalar::kTake)(&value)) << ToHex(AsBytes(bytes));
  EXPECT_EQ(value, 77u) << ToHex(AsBytes(bytes));
  EXPECT_EQ(in.position(), 1u) << ToHex(AsBytes(bytes));
  EXPECT_EQ(in.remaining(), bytes.size());
}

template <typename Scalar>
class ScalarTest : public testing::Test {};
using Scalars = testing::Types<Varint32, Varint64, Fixed32, Fixed64>;
TYPED_TEST_SUITE(ScalarTest, Scalars);

TYPED_TEST(ScalarTest, ReadsBackWhatPutWroteAndNoCutOfIt) {
  using Value = typename TypeParam::Value;
  for (int bit = 0; bit < std::numeric_limits<Value>::digits; ++bit) {
    const Value power = Value{1} << bit;
    for (const Value value : {power - 1, power, power + 1, ~power}) {
      std::string bytes;
      TypeParam::kPut(&bytes, value);
      ExpectTaken<TypeParam>(bytes, value, bytes.size());
      ExpectTaken<TypeParam>(bytes + "\xff", value, bytes.size());
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        ExpectRefused<TypeParam>(std::string_view(bytes).substr(0, size));
      }
    }
  }
}

TYPED_TEST(ScalarTest, PutAppends) {
  std::string bytes = "before";
  TypeParam::kPut(&bytes, 1);
  EXPECT_EQ(bytes.substr(0, 7), "before\x01");
}

// FORMAT.md section 13.
TEST(VarintTest, WritesTheVectorsOfTheFormat) {
  const std::pair<std::uint64_t, const char*> vectors[] = {
      {0, "00"},
      {127, "7f"},
      {128, "8001"},
      {300, "ac02"},
      {0xffffffff, "ffffffff0f"},
      {kMax64, "ffffffffffffffffff01"},
  };
  for (const auto& [value, hex] : vectors) {
    std::string bytes;
    PutVarint64(&bytes, value);
    EXPECT_EQ(ToHex(AsBytes(bytes)), hex);
    EXPECT_EQ(VarintSize(value), bytes.size());
  }
}

TEST(VarintTest, ReadsEveryFirstByte) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string first(1, static_cast<char>(byte));
    if (byte < 0x80) {
      ExpectTaken<Varint32>(first, byte, 1);
      ExpectTaken<Varint64>(first, byte, 1);
      continue;
    }
    ExpectRefused<Varint32>(first);
    ExpectRefused<Varint64>(first);
    ExpectTaken<Varint32>(first + "\x01", byte, 2);
    ExpectTaken<Varint64>(first + "\x01", byte, 2);
  }
}

// The tenth byte has room for the highest bit only.
TEST(VarintTest, ReadsNoTenthByteAboveOne) {
  const std::string nine(9, '\xff');
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string bytes = nine + static_cast<char>(byte);
    if (byte <= 1) {
      const std::uint64_t high = std::uint64_t{byte} << 63;
      ExpectTaken<Varint64>(bytes, high | (kMax64 >> 1), 10);
    } else {
      ExpectRefused<Varint64>(bytes);
    }
  }
}

TEST(VarintTest, ReadsNoEleventhByte) {
  ExpectRefused<Varint64>(std::string(10, '\x80') + '\0');
  ExpectRefused<Varint64>(std::string(100, '\x80'));
}

// The number 5 in 2 + `padding` bytes.
std::string PaddedFive(std::size_t padding) {
  return std::string("\x85").append(padding, '\x80').append(1, '\0');
}

TEST(VarintTest, ReadsPaddingUpToTenBytes) {
  for (std::size_t padding = 0; padding < 9; ++padding) {
    const std::string bytes = PaddedFive(padding);
    ExpectTaken<Varint64>(bytes, 5, bytes.size());
  }
}

TEST(VarintTest, ReadsPaddingOf32BitsUpToFiveBytes) {
  for (std::size_t padding = 0; padding < 9; ++padding) {
    const std::string bytes = PaddedFive(padding);
    if (bytes.size() <= 5) {
      ExpectTaken<Varint32>(bytes, 5, bytes.size());
    } else {
      ExpectRefused<Varint32>(bytes);
    }
  }
}

TEST(VarintTest, ReadsNo32BitsFromMore) {
  ExpectTaken<Varint32>(FromHex("ffffffff0f"), 0xffffffff, 5);
  ExpectRefused<Varint32>(FromHex("8080808010"));
  ExpectRefused<Varint32>(FromHex("ffffffff1f"));
  ExpectRefused<Varint32>(FromHex("ffffffffffffffffff01"));
}

TEST(FixedTest, IsLittleEndian) {
  ExpectTaken<Fixed32>(FromHex("01020304"), 0x04030201, 4);
  ExpectTaken<Fixed64>(FromHex("0102030405060708"), 0x0807060504030201, 8);
  EXPECT_EQ(LoadLittle<std::uint16_t>(FromHex("0102").data()), 0x0201);
}

TEST(FixedTest, LoadsFromAnyAddress) {
  const std::string bytes = FromHex("ff01020304050607 08");
  EXPECT_EQ(LoadLittle<std::uint64_t>(bytes.data() + 1), 0x0807060504030201u);
}

TEST(CursorTest, TakesEachByteOnce) {
  ExpectTaken<Byte>("ab", 'a', 1);
  ExpectRefused<Byte>("");
}

TEST(CursorTest, TakesBytesUpToTheEnd) {
  const std::string text = "abcdef";
  Cursor in(AsBytes(text));
  ByteView taken;
  ASSERT_TRUE(in.TakeBytes(2, &taken));
  EXPECT_EQ(AsText(taken), "ab");
  EXPECT_EQ(AsText(in.rest()), "cdef");
  ASSERT_TRUE(in.TakeBytes(4, &taken));
  EXPECT_EQ(AsText(taken), "cdef");
  EXPECT_TRUE(in.AtEnd());
  EXPECT_TRUE(in.TakeBytes(0, &taken));
  EXPECT_TRUE(taken.empty());
}

TEST(CursorTest, TakesNoMoreBytesThanAreLeft) {
  const std::string text = "abcdef";
  for (const std::uint64_t size :
       {std::uint64_t{6}, std::uint64_t{1} << 32, kMax64 - 1, kMax64}) {
    Cursor in(AsBytes(text));
    std::uint8_t first = 0;
    ByteView taken;
    ASSERT_TRUE(in.TakeByte(&first));
    EXPECT_FALSE(in.TakeBytes(size, &taken)) << size;
    EXPECT_TRUE(taken.empty());
    EXPECT_EQ(in.position(), 1u);
  }
}

TEST(CursorTest, IsAtTheEndOfNothing) {
  Cursor in{ByteView()};
  EXPECT_TRUE(in.AtEnd());
  EXPECT_EQ(in.position(), 0u);
  EXPECT_EQ(in.remaining(), 0u);
}

TEST(ArithmeticTest, AddsUpToTheHighestNumber) {
  std::uint64_t sum = 0;
  EXPECT_TRUE(CheckedAdd(kMax64 - 1, 1, &sum));
  EXPECT_EQ(sum, kMax64);
  EXPECT_FALSE(CheckedAdd(kMax64, 1, &sum));
  EXPECT_FALSE(CheckedAdd(kMax64, kMax64, &sum));
}

TEST(ArithmeticTest, MultipliesUpToTheHighestNumber) {
  std::uint64_t product = 0;
  EXPECT_TRUE(CheckedMultiply(kMax64 / 3, 3, &product));
  EXPECT_EQ(product, kMax64);
  EXPECT_FALSE(CheckedMultiply(kMax64 / 3 + 1, 3, &product));
  EXPECT_FALSE(CheckedMultiply(std::uint64_t{1} << 32, std::uint64_t{1} << 32,
                               &product));
  EXPECT_TRUE(CheckedMultiply(0, kMax64, &product));
  EXPECT_EQ(product, 0u);
}

TEST(ArithmeticTest, FitsOnlyWhatEndsBeforeTheLimit) {
  EXPECT_TRUE(FitsWithin(0, 10, 10));
  EXPECT_TRUE(FitsWithin(10, 0, 10));
  EXPECT_FALSE(FitsWithin(1, 10, 10));
  EXPECT_FALSE(FitsWithin(11, 0, 10));
  EXPECT_FALSE(FitsWithin(10, 1, 10));
}

TEST(ArithmeticTest, FitsNothingWhoseEndWraps) {
  EXPECT_FALSE(FitsWithin(5, kMax64, 10));
  EXPECT_FALSE(FitsWithin(kMax64, 5, 10));
  EXPECT_FALSE(FitsWithin(kMax64 - 4, 5, 10));
  EXPECT_FALSE(FitsWithin(kMax64, kMax64, kMax64));
  EXPECT_TRUE(FitsWithin(kMax64 - 5, 5, kMax64));
}

}  // namespace
}  // namespace fastckpt::internal::bytes_test
