#include "fastckpt/proto/text_scalars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "testing/refusal.h"

namespace fastckpt::internal::text_scalars_test {
namespace {

using testing::HasSubstr;

TEST(TextScalarsTest, FloatsAreSpelledAsInPython) {
  EXPECT_EQ(ParseTextFloat("1"), 1.0);
  EXPECT_EQ(ParseTextFloat("-1.5e3"), -1500.0);
  EXPECT_EQ(ParseTextFloat("+.5"), 0.5);
  EXPECT_EQ(ParseTextFloat("5."), 5.0);
  EXPECT_EQ(ParseTextFloat("1_000.2_5"), 1000.25);
  EXPECT_EQ(ParseTextFloat("1.5f"), 1.5);
  EXPECT_EQ(ParseTextFloat("1755.123456789"), 1755.123456789);
  EXPECT_EQ(ParseTextFloat("-inf"), -INFINITY);
  EXPECT_EQ(ParseTextFloat("InfinityF"), INFINITY);
  EXPECT_TRUE(std::isnan(ParseTextFloat("nan").value()));
}

TEST(TextScalarsTest, NumbersOutOfRangeAreZeroOrInfinite) {
  EXPECT_EQ(ParseTextFloat("1e999"), INFINITY);
  EXPECT_EQ(ParseTextFloat("-1e999"), -INFINITY);
  EXPECT_EQ(ParseTextFloat("1e-999"), 0.0);
}

TEST(TextScalarsTest, WhatIsNoFloatIsNothing) {
  for (const char* token : {"", "-", "e5", "1e", "1__0", "_1", "1_", "010",
                            "0x1F", "1.2.3", "'1'", "one", "."}) {
    EXPECT_EQ(ParseTextFloat(token), std::nullopt) << token;
  }
}

TEST(TextScalarsTest, WholeNumbersHaveBasesAndFit64Bits) {
  for (const char* token : {"0", "18446744073709551615", "-9223372036854775808",
                            "0x1F", "0XfF", "0755", "1.5", "inf"}) {
    EXPECT_TRUE(IsTextNumber(token)) << token;
  }
  for (const char* token : {"089", "0x", "0xg", "", "a"}) {
    EXPECT_FALSE(IsTextNumber(token)) << token;
  }
}

TEST(TextScalarsTest, EscapesBecomeBytes) {
  EXPECT_EQ(UnescapeText(R"(a\n\t\\\'\"\?z)"), "a\n\t\\'\"?z");
  EXPECT_EQ(UnescapeText(R"(\0\101\3775)"), std::string("\0A\xff"
                                                        "5",
                                                        4));
  EXPECT_EQ(UnescapeText(R"(\x41\xag)"), "A\ng");
  EXPECT_EQ(UnescapeText(R"(\u00e9\U0001F600)"), "\xc3\xa9\xf0\x9f\x98\x80");
}

TEST(TextScalarsTest, AnEscapeWithoutMeaningIsNamed) {
  for (const char* inside : {R"(\q)", R"(\400)", R"(\xg)", R"(\u12)",
                             R"(\U00110000)", R"(\ud800)"}) {
    EXPECT_THAT(Refusal(ErrorKind::kInvalid, [&] { UnescapeText(inside); }),
                HasSubstr("is no escape"))
        << inside;
  }
}

}  // namespace
}  // namespace fastckpt::internal::text_scalars_test
