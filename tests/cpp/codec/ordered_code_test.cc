#include "fastckpt/codec/ordered_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "testing/hex.h"

namespace fastckpt::internal::ordered_code_test {
namespace {

constexpr std::int64_t kMinSigned = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMaxSigned = std::numeric_limits<std::int64_t>::max();

// One body for the three types: how each is written and read.
struct NumberCode {
  using Value = std::uint64_t;
  static constexpr auto kPut = PutOrderedNumber;
  static constexpr auto kTake = TakeOrderedNumber;
};
struct SignedCode {
  using Value = std::int64_t;
  static constexpr auto kPut = PutOrderedSigned;
  static constexpr auto kTake = TakeOrderedSigned;
};
struct StringCode {
  using Value = std::string;
  static constexpr auto kPut = PutOrderedString;
  static constexpr auto kTake = TakeOrderedString;
};

template <typename Code>
std::string Encode(const typename Code::Value& value) {
  std::string out;
  Code::kPut(&out, value);
  return out;
}

// A failed Take leaves cursor and value alone.
template <typename Code>
void ExpectRefused(std::string_view code) {
  Cursor in(AsBytes(code));
  typename Code::Value value{};
  EXPECT_FALSE(Code::kTake(&in, &value)) << ToHex(AsBytes(code));
  EXPECT_EQ(in.position(), 0u);
  EXPECT_EQ(value, typename Code::Value{});
}

// Reads the value back from its code, with and without bytes behind it, and
// from no cut of it.
template <typename Code>
void ExpectRoundTrip(const typename Code::Value& value) {
  const std::string code = Encode<Code>(value);
  for (const char* behind : {"", "\x01", "\xff\xff", "abc"}) {
    const std::string bytes = code + behind;
    Cursor in(AsBytes(bytes));
    typename Code::Value decoded{};
    ASSERT_TRUE(Code::kTake(&in, &decoded)) << ToHex(AsBytes(bytes));
    EXPECT_EQ(decoded, value) << ToHex(AsBytes(bytes));
    EXPECT_EQ(in.position(), code.size());
  }
  for (std::size_t size = 0; size < code.size(); ++size) {
    ExpectRefused<Code>(std::string_view(code).substr(0, size));
  }
}

// Values around every power of two, both signs.
std::vector<std::int64_t> SignedEdges() {
  std::vector<std::int64_t> values = {kMinSigned, kMaxSigned};
  for (int bit = 0; bit < 63; ++bit) {
    const std::int64_t power = std::int64_t{1} << bit;
    for (const std::int64_t value : {power - 1, power, power + 1}) {
      values.push_back(value);
      values.push_back(-value);
    }
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

struct SliceKey {
  std::string name;
  std::vector<std::pair<std::int64_t, std::int64_t>> extents;
  std::string_view hex;
};

// FORMAT.md section 13: the keys that TensorFlow writes.
const SliceKey kSliceKeys[] = {
    {"v", {{0, 2}, {0, -1}}, "0076000101028082807f"},
    {"v", {{2, 2}, {0, -1}}, "0076000101028282807f"},
    {"v", {{0, 2}}, "0076000101018082"},
    {"a", {{0, -1}}, "006100010101807f"},
    {"b", {}, "0062000100"},
    {{"x\0y\xff", 4}, {{10000, 300}}, "007800ff79ff0000010101e02710c12c"},
    {"", {{10000, 300}}, "0000010101e02710c12c"},
    {"\xff", {}, "00ff00000100"},
};

TEST(OrderedCodeTest, WritesTheSliceKeysOfTensorFlow) {
  for (const SliceKey& key : kSliceKeys) {
    std::string code;
    PutOrderedNumber(&code, 0);
    PutOrderedString(&code, key.name);
    PutOrderedNumber(&code, key.extents.size());
    for (const auto& [start, length] : key.extents) {
      PutOrderedSigned(&code, start);
      PutOrderedSigned(&code, length);
    }
    EXPECT_EQ(ToHex(AsBytes(code)), key.hex);
  }
}

TEST(OrderedCodeTest, ReadsTheSliceKeysOfTensorFlow) {
  for (const SliceKey& key : kSliceKeys) {
    const std::string code = FromHex(key.hex);
    Cursor in(AsBytes(code));
    std::uint64_t zero = 1;
    std::uint64_t rank = 0;
    std::string name;
    ASSERT_TRUE(TakeOrderedNumber(&in, &zero));
    ASSERT_TRUE(TakeOrderedString(&in, &name));
    ASSERT_TRUE(TakeOrderedNumber(&in, &rank));
    EXPECT_EQ(zero, 0u);
    EXPECT_EQ(name, key.name);
    ASSERT_EQ(rank, key.extents.size());
    for (const auto& [start, length] : key.extents) {
      std::int64_t value = 0;
      ASSERT_TRUE(TakeOrderedSigned(&in, &value));
      EXPECT_EQ(value, start);
      ASSERT_TRUE(TakeOrderedSigned(&in, &value));
      EXPECT_EQ(value, length);
    }
    EXPECT_TRUE(in.AtEnd());
  }
}

TEST(OrderedCodeTest, WritesTheSignedVectorsOfTheFormat) {
  const std::pair<std::int64_t, const char*> vectors[] = {
      {63, "bf"},
      {64, "c040"},
      {300, "c12c"},
      {8191, "dfff"},
      {8192, "e02000"},
      {std::int64_t{1} << 20, "f0100000"},
      {std::int64_t{1} << 31, "f880000000"},
      {std::int64_t{1} << 40, "fd0000000000"},
      {std::int64_t{1} << 55, "ff8080000000000000"},
      {std::int64_t{1} << 62, "ffc04000000000000000"},
      {-1, "7f"},
      {-2, "7e"},
      {-64, "40"},
      {-65, "3fbf"},
      {kMaxSigned, "ffc07fffffffffffffff"},
      {kMinSigned, "003f8000000000000000"},
  };
  for (const auto& [value, hex] : vectors) {
    EXPECT_EQ(ToHex(AsBytes(Encode<SignedCode>(value))), hex);
  }
}

TEST(OrderedCodeTest, ReadsBackEverySignedEdge) {
  for (const std::int64_t value : SignedEdges()) {
    ExpectRoundTrip<SignedCode>(value);
  }
}

TEST(OrderedCodeTest, SortsSignedCodesAsTheirValues) {
  std::string previous;
  for (const std::int64_t value : SignedEdges()) {
    const std::string code = Encode<SignedCode>(value);
    EXPECT_LT(previous, code) << value;
    previous = code;
  }
}

TEST(OrderedCodeTest, ReadsBackEveryNumberEdge) {
  std::string previous;
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    ExpectRoundTrip<NumberCode>(power - 1);
    ExpectRoundTrip<NumberCode>(power);
    EXPECT_LT(previous, Encode<NumberCode>(power));
    previous = Encode<NumberCode>(power);
  }
  ExpectRoundTrip<NumberCode>(~std::uint64_t{0});
}

TEST(OrderedCodeTest, ReadsBackStringsOfEveryByte) {
  ExpectRoundTrip<StringCode>("");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    ExpectRoundTrip<StringCode>(one);
    ExpectRoundTrip<StringCode>(one + one);
    ExpectRoundTrip<StringCode>("a" + one + "b");
  }
}

TEST(OrderedCodeTest, SortsStringCodesAsTheirValues) {
  std::vector<std::string> strings;
  const std::string letters("\0\1a\xfe\xff", 5);
  for (const char first : letters) {
    strings.push_back({first});
    for (const char second : letters) strings.push_back({first, second});
  }
  for (const std::string& a : strings) {
    for (const std::string& b : strings) {
      EXPECT_EQ(Encode<StringCode>(a) < Encode<StringCode>(b), a < b);
    }
  }
}

TEST(OrderedCodeTest, RefusesANumberOfMoreThanEightBytes) {
  ExpectRefused<NumberCode>(FromHex("09 010000000000000000"));
  ExpectRefused<NumberCode>(FromHex("ff 0100000000000000000000"));
}

TEST(OrderedCodeTest, RefusesANumberWithALeadingZero) {
  ExpectRefused<NumberCode>(FromHex("01 00"));
  ExpectRefused<NumberCode>(FromHex("02 0001"));
}

TEST(OrderedCodeTest, RefusesAStringWithAnUnknownEscape) {
  for (int partner = 0; partner < 256; ++partner) {
    const std::string pair = {'a', '\0', static_cast<char>(partner)};
    if (partner == 0xff || partner == 0x01) continue;
    ExpectRefused<StringCode>(pair + FromHex("0001"));
  }
  for (int partner = 1; partner < 256; ++partner) {
    const std::string pair = {'a', '\xff', static_cast<char>(partner)};
    ExpectRefused<StringCode>(pair + FromHex("0001"));
  }
}

TEST(OrderedCodeTest, RefusesAStringWithoutTerminator) {
  ExpectRefused<StringCode>("abc");
  ExpectRefused<StringCode>(FromHex("6100ff"));
}

// The sign bits of 63 in two bytes instead of one.
TEST(OrderedCodeTest, RefusesASignedNumberWithMoreBytesThanNeeded) {
  ExpectRefused<SignedCode>(FromHex("c03f"));
  ExpectRefused<SignedCode>(FromHex("3fff"));
}

TEST(OrderedCodeTest, RefusesASignedNumberOfMoreThan64Bits) {
  ExpectRefused<SignedCode>(FromHex("ffc08000000000000000"));
  ExpectRefused<SignedCode>(FromHex("ffdf7fffffffffffffff"));
  ExpectRefused<SignedCode>(FromHex("003f7fffffffffffffff"));
}

TEST(OrderedCodeTest, RefusesASignedNumberOfMoreThanTenBytes) {
  ExpectRefused<SignedCode>(FromHex("ffe0000000000000000000"));
  ExpectRefused<SignedCode>(FromHex("001fffffffffffffffffff"));
  ExpectRefused<SignedCode>(std::string(12, '\xff'));
  ExpectRefused<SignedCode>(std::string(12, '\0'));
}

// A value has one code: what is read is written again as it was.
TEST(OrderedCodeTest, WritesAgainWhateverItReads) {
  std::mt19937 random(1);
  std::size_t read = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes(1 + random() % 11, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::int64_t value = 0;
    Cursor in(AsBytes(bytes));
    if (!TakeOrderedSigned(&in, &value)) continue;
    EXPECT_EQ(Encode<SignedCode>(value), bytes.substr(0, in.position()));
    ++read;
  }
  EXPECT_GT(read, 10'000u);
}

}  // namespace
}  // namespace fastckpt::internal::ordered_code_test
