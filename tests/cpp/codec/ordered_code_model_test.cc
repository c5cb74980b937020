// The ordered code against coders that follow its description bit by bit, on
// every short code and every edge.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "fastckpt/codec/ordered_code.h"
#include "testing/hex.h"
#include "testing/random.h"

namespace fastckpt::internal::ordered_code_model_test {
namespace {

// Bits, the highest first: n ones for the length, a zero, then the value;
// negative values are the complement of ~value. Source: ordered_code.cc, the
// comment above its table of signed encodings.
std::string PlainSigned(std::int64_t value) {
  const auto magnitude = static_cast<std::uint64_t>(value < 0 ? ~value : value);
  std::size_t size = 1;
  while (size < 10 && 7 * size - 1 < 64 && magnitude >> (7 * size - 1) != 0) {
    ++size;
  }
  std::string bits(size, '1');  // the sign's run
  bits += '0';
  while (bits.size() < 8 * size) bits += '0';
  for (std::size_t i = 0; i < 7 * size - 1 && i < 64; ++i) {
    if ((magnitude >> i & 1) != 0) bits[bits.size() - 1 - i] = '1';
  }
  std::string code;
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t b = 0; b < 8; ++b) byte = byte * 2 + (bits[i + b] == '1');
    code += static_cast<char>(value < 0 ? ~byte : byte);
  }
  return code;
}

std::string PlainNumber(std::uint64_t value) {
  std::string digits;
  for (; value != 0; value /= 256) {
    digits.insert(digits.begin(), static_cast<char>(value % 256));
  }
  return static_cast<char>(digits.size()) + digits;
}

std::string PlainString(std::string_view value) {
  std::string code;
  for (const char byte : value) {
    if (byte == '\0') {
      code += std::string("\0\xff", 2);
    } else if (byte == '\xff') {
      code += std::string("\xff\0", 2);
    } else {
      code += byte;
    }
  }
  return code + std::string("\0\1", 2);
}

std::vector<std::int64_t> SignedEdges() {
  std::vector<std::int64_t> edges;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t number : {power - 1, power, power + 1}) {
      edges.push_back(static_cast<std::int64_t>(number));
      edges.push_back(static_cast<std::int64_t>(0 - number));
    }
  }
  return edges;
}

std::string Signed(std::int64_t value) {
  std::string code;
  PutOrderedSigned(&code, value);
  return code;
}

TEST(OrderedCodeModel, SignedCodesFollowTheDescription) {
  for (const std::int64_t value : SignedEdges()) {
    EXPECT_EQ(ToHex(AsBytes(Signed(value))), ToHex(AsBytes(PlainSigned(value))))
        << value;
  }
  for (std::int64_t value = -20000; value < 20000; ++value) {
    ASSERT_EQ(Signed(value), PlainSigned(value)) << value;
  }
}

TEST(OrderedCodeModel, NumberAndStringCodesFollowTheDescription) {
  Random random(50);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t number = random.Magnitude();
    std::string code;
    PutOrderedNumber(&code, number);
    EXPECT_EQ(code, PlainNumber(number)) << number;
    const std::string text = random.Word(8);
    code.clear();
    PutOrderedString(&code, text);
    EXPECT_EQ(code, PlainString(text)) << ToHex(AsBytes(text));
  }
}

// Of two bytes there are codes of one byte, of two, and what is none.
TEST(OrderedCodeModel, OfTwoBytesExactlyTheCodesOfSmallNumbersAreRead) {
  std::map<std::string, std::int64_t> codes;
  for (std::int64_t value = -8192; value < 8192; ++value) {
    codes[PlainSigned(value)] = value;
  }
  for (unsigned pair = 0; pair < 65536; ++pair) {
    const std::string bytes = {static_cast<char>(pair >> 8),
                               static_cast<char>(pair & 255)};
    auto expected = codes.find(bytes);
    if (expected == codes.end()) expected = codes.find(bytes.substr(0, 1));
    Cursor cursor(AsBytes(bytes));
    std::int64_t value = 0;
    ASSERT_EQ(TakeOrderedSigned(&cursor, &value), expected != codes.end())
        << ToHex(AsBytes(bytes));
    if (expected == codes.end()) continue;
    EXPECT_EQ(value, expected->second);
    EXPECT_EQ(cursor.position(), expected->first.size());
  }
}

TEST(OrderedCodeModel, NumbersOfEachSizeAreReadUnlessTheyBeginWithZero) {
  Random random(51);
  for (unsigned size = 0; size < 256; ++size) {
    for (unsigned first = 0; first < 256; first += 5) {
      std::string bytes = static_cast<char>(size) + random.Bytes(12);
      bytes[1] = static_cast<char>(first);
      Cursor cursor(AsBytes(bytes));
      std::uint64_t value = 0;
      const bool is_code = size == 0 || (size <= 8 && first != 0);
      ASSERT_EQ(TakeOrderedNumber(&cursor, &value), is_code) << size;
      if (is_code) {
        EXPECT_EQ(PlainNumber(value), bytes.substr(0, size + 1));
      }
    }
  }
}

TEST(OrderedCodeModel, EveryPairOfBytesInAStringIsTextOrEndOrNone) {
  for (unsigned pair = 0; pair < 65536; ++pair) {
    const std::string inside = {static_cast<char>(pair >> 8),
                                static_cast<char>(pair & 255)};
    const std::string bytes = inside + std::string("\0\1", 2);
    Cursor cursor(AsBytes(bytes));
    std::string value;
    const bool is_read = TakeOrderedString(&cursor, &value);
    if (is_read) {
      EXPECT_EQ(PlainString(value), bytes.substr(0, cursor.position()));
      continue;
    }
    // A zero or ff whose partner is none.
    EXPECT_TRUE(inside.find('\0') != std::string::npos ||
                inside.find('\xff') != std::string::npos)
        << ToHex(AsBytes(bytes));
  }
}

TEST(OrderedCodeModel, CodesSortAsTheirValues) {
  Random random(52);
  std::vector<std::int64_t> values = SignedEdges();
  for (int i = 0; i < 2000; ++i) {
    values.push_back(static_cast<std::int64_t>(random.Magnitude()));
    values.push_back(-static_cast<std::int64_t>(random.Magnitude() >> 1));
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  for (std::size_t i = 1; i < values.size(); ++i) {
    EXPECT_LT(Signed(values[i - 1]), Signed(values[i]))
        << values[i - 1] << " " << values[i];
  }
}

TEST(OrderedCodeModel, NoCodeOfATextIsTheBeginOfAnothers) {
  Random random(53);
  for (int i = 0; i < 5000; ++i) {
    const std::string a = random.Word(4);
    const std::string b = random.Word(4);
    const std::string code_a = PlainString(a);
    const std::string code_b = PlainString(b);
    EXPECT_EQ(code_a < code_b, a < b);
    if (a != b) {
      EXPECT_FALSE(code_b.starts_with(code_a));
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::ordered_code_model_test
