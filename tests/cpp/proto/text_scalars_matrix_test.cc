// Every escape, every edge of a whole number and many floats, each with what
// Python makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "fastckpt/proto/text_scalars.h"
#include "testing/random.h"
#include "testing/refusal.h"

namespace fastckpt::internal::text_scalars_matrix_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Formatted(const char* format, unsigned number) {
  char text[32];
  const int size = std::snprintf(text, sizeof text, format, number);
  return {text, static_cast<std::size_t>(size)};
}

std::string EscapeRefusal(const std::string& inside) {
  return Refusal(ErrorKind::kInvalid, [&] { UnescapeText(inside); });
}

TEST(TextEscapes, EveryByteHasAnOctalAndAHexadecimalForm) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string expected(1, static_cast<char>(byte));
    for (const char* format : {"\\%03o", "\\x%02x", "\\x%02X"}) {
      const std::string inside = Formatted(format, byte);
      EXPECT_EQ(UnescapeText(inside), expected) << inside;
      EXPECT_EQ(UnescapeText("<" + inside + ">"), "<" + expected + ">");
    }
  }
}

TEST(TextEscapes, OctalNumbersOfOneToThreeDigitsEndAtTheFirstOther) {
  for (unsigned byte = 0; byte < 64; ++byte) {
    const std::string expected(1, static_cast<char>(byte));
    for (const char* next : {"", "8", "9", "a", "\\n"}) {
      EXPECT_EQ(UnescapeText(Formatted("\\%o", byte) + next),
                expected + UnescapeText(next))
          << byte << next;
    }
  }
}

TEST(TextEscapes, OctalNumbersOverAByteAreNone) {
  for (unsigned number = 256; number < 512; ++number) {
    const std::string inside = Formatted("\\%03o", number);
    EXPECT_EQ(EscapeRefusal(inside), inside + " is no escape");
  }
}

TEST(TextEscapes, HexadecimalNumbersTakeTwoDigitsAtMost) {
  EXPECT_EQ(UnescapeText(R"(\x414)"), "A4");
  EXPECT_EQ(UnescapeText(R"(\x4g)"), "\x04g");
  EXPECT_EQ(EscapeRefusal(R"(\x)"), R"(\x is no escape)");
}

TEST(TextEscapes, EveryLetterIsAnEscapeOrIsNamedAsNone) {
  const std::map<char, char> meanings = {{'a', '\a'}, {'b', '\b'}, {'f', '\f'},
                                         {'n', '\n'}, {'r', '\r'}, {'t', '\t'},
                                         {'v', '\v'}, {'?', '?'},  {'\'', '\''},
                                         {'"', '"'},  {'\\', '\\'}};
  for (unsigned byte = 1; byte < 256; ++byte) {
    const char mark = static_cast<char>(byte);
    if ((mark >= '0' && mark <= '7') || mark == 'x' || mark == 'u' ||
        mark == 'U') {
      continue;
    }
    const std::string inside = {'\\', mark};
    const auto found = meanings.find(mark);
    if (found != meanings.end()) {
      EXPECT_EQ(UnescapeText(inside), std::string(1, found->second));
    } else {
      EXPECT_EQ(EscapeRefusal(inside), inside + " is no escape");
    }
  }
}

struct Point {
  unsigned number;
  const char* utf8;
};

class UnicodePoint : public ::testing::TestWithParam<Point> {};

TEST_P(UnicodePoint, IsWrittenInAsManyBytesAsItNeeds) {
  const auto [number, utf8] = GetParam();
  EXPECT_EQ(UnescapeText(Formatted("\\U%08x", number)), utf8);
  if (number < 0x10000) {
    EXPECT_EQ(UnescapeText(Formatted("\\u%04X", number)), utf8);
  }
}

INSTANTIATE_TEST_SUITE_P(
    AtEachEdge, UnicodePoint,
    ::testing::Values(
        Point{0x1, "\x01"}, Point{0x7f, "\x7f"}, Point{0x80, "\xc2\x80"},
        Point{0x7ff, "\xdf\xbf"}, Point{0x800, "\xe0\xa0\x80"},
        Point{0xd7ff, "\xed\x9f\xbf"}, Point{0xe000, "\xee\x80\x80"},
        Point{0xffff, "\xef\xbf\xbf"}, Point{0x10000, "\xf0\x90\x80\x80"},
        Point{0x10ffff, "\xf4\x8f\xbf\xbf"}));

TEST(TextEscapes, HalvesOfSurrogatesAndWhatLiesBeyondUnicodeAreNone) {
  for (const unsigned number : {0xd800u, 0xdbffu, 0xdc00u, 0xdfffu}) {
    EXPECT_THAT(EscapeRefusal(Formatted("\\u%04x", number)),
                StartsWith("\\u is no escape"));
  }
  for (const unsigned number : {0xd800u, 0x110000u, 0xffffffffu}) {
    EXPECT_THAT(EscapeRefusal(Formatted("\\U%08x", number)),
                StartsWith("\\U is no escape"));
  }
}

TEST(TextEscapes, PointsNeedAllTheirDigits) {
  for (const char* inside : {R"(\u)", R"(\u1)", R"(\u123)", R"(\u12g4)",
                             R"(\U)", R"(\U0001F60)", R"(\U0001F60g)"}) {
    EXPECT_THAT(EscapeRefusal(inside), HasSubstr(" is no escape")) << inside;
  }
}

TEST(TextEscapes, ALoneBackslashAtTheEndIsNone) {
  EXPECT_EQ(EscapeRefusal("abc\\"), "\\ is no escape");
}

TEST(TextEscapes, TextOfAnyBytesComesBackFromItsOctalForm) {
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = random.Bytes(random.Below(40));
    std::string inside;
    for (const char byte : bytes) {
      inside += Formatted("\\%03o", static_cast<unsigned char>(byte));
    }
    EXPECT_EQ(UnescapeText(inside), bytes);
  }
}

// A whole number within 64 bits is one in every base; one more is none, unless
// it is decimal, and so a float.
TEST(TextNumbers, WholeNumbersEndAtTheirLastOfSixtyFourBits) {
  for (const char* last :
       {"0xffffffffffffffff", "+0xffffffffffffffff", "-0x8000000000000000",
        "01777777777777777777777", "0o1777777777777777777777",
        "-01000000000000000000000", "0b1", "0B0", "0O7", "0X0"}) {
    EXPECT_TRUE(IsTextNumber(last)) << last;
  }
  for (const char* more :
       {"0x10000000000000000", "-0x8000000000000001", "02000000000000000000000",
        "-01000000000000000000001",
        "0b1000000000000000000000000000000000000000000000000000000000000000"
        "0"}) {
    EXPECT_FALSE(IsTextNumber(more)) << more;
  }
  EXPECT_TRUE(IsTextNumber("18446744073709551616"));
  EXPECT_TRUE(IsTextNumber("-9223372036854775809"));
}

TEST(TextNumbers, DigitsOfAnotherBaseAreNone) {
  for (const char* token : {"0b2", "0o8", "08", "0xg", "0b", "0o", "0x", "-0x",
                            "0x-1", "--1", "+-1", "0x1_0", "1x0", "0xff "}) {
    EXPECT_FALSE(IsTextNumber(token)) << token;
  }
}

TEST(TextFloats, TheShortestTextOfADoubleGivesItBack) {
  Random random(6);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(random.Bits());
    if (!std::isfinite(value)) continue;
    char text[40];
    const int size = std::snprintf(text, sizeof text, "%.17g", value);
    const auto parsed = ParseTextFloat({text, static_cast<std::size_t>(size)});
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*parsed),
              std::bit_cast<std::uint64_t>(value))
        << text;
  }
}

TEST(TextFloats, WordsAreTakenInAnyCaseWithASignAndAnF) {
  for (const char* word :
       {"inf", "INF", "iNf", "infinity", "Infinity", "INFINITY"}) {
    for (const char* suffix : {"", "f", "F"}) {
      const std::string token = std::string(word) + suffix;
      EXPECT_EQ(ParseTextFloat(token), INFINITY) << token;
      EXPECT_EQ(ParseTextFloat("-" + token), -INFINITY) << token;
    }
    EXPECT_EQ(ParseTextFloat(std::string("+") + word), INFINITY) << word;
  }
  for (const char* word : {"nan", "NaN", "-nan", "+nan", "NANf", "nanff"}) {
    EXPECT_TRUE(std::isnan(ParseTextFloat(word).value_or(0))) << word;
  }
}

// All of these as in protobuf's ParseFloat, whose rstrip("fF") takes each f.
TEST(TextFloats, WhatOnlyLooksLikeAWordIsNone) {
  for (const char* word : {"in", "infi", "infinit", "nanf1", "--inf", "na",
                           "infff", "+inff", "inf_", "-", "f", "ff"}) {
    EXPECT_EQ(ParseTextFloat(word), std::nullopt) << word;
  }
}

TEST(TextFloats, OneUnderscoreStandsBetweenTwoDigitsOnly) {
  for (const char* token : {"1_0", "1_0.0_1", "1e1_0", "1_2_3"}) {
    EXPECT_TRUE(ParseTextFloat(token).has_value()) << token;
  }
  for (const char* token : {"_1", "1_", "1__0", "1_.0", "1._0", "1e_1", "1e1_",
                            "1_e1", "-_1", "1_f"}) {
    EXPECT_EQ(ParseTextFloat(token), std::nullopt) << token;
  }
}

TEST(TextFloats, ZerosBeforeOtherDigitsMakeAnOctalNumberWhichIsNone) {
  for (const char* token : {"00", "01", "-01", "00.5", "01e1", "09f"}) {
    EXPECT_EQ(ParseTextFloat(token), std::nullopt) << token;
  }
  for (const char* token : {"0", "-0", "0.5", "0e1", "0f", "+01"}) {
    EXPECT_TRUE(ParseTextFloat(token).has_value()) << token;
  }
}

}  // namespace
}  // namespace fastckpt::internal::text_scalars_matrix_test
