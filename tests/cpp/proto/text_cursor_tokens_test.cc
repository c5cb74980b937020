// The tokens of the text form one by one, and the whole grammar of what a
// skipped field may hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/proto/text_cursor.h"
#include "testing/random.h"
#include "testing/refusal.h"

namespace fastckpt::internal::text_cursor_tokens_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string SkipRefusal(const std::string& contents) {
  return CorruptionOf([&] { TextCursor(contents).SkipContents(); });
}

// Where the first thing that is no name lies.
std::string NameRefusal(const std::string& text) {
  return CorruptionOf([&] {
    TextCursor cursor(text);
    while (true) cursor.TakeName();
  });
}

TEST(TextTokens, EveryBlankSeparatesNames) {
  for (const char* blank : {" ",
                            "\t",
                            "\n",
                            "\r",
                            "\f",
                            "\v",
                            "\x1c",
                            "\x1d",
                            "\x1e",
                            "\x1f",
                            "\xC2\x85",
                            "\xC2\xA0",
                            "\xE1\x9A\x80",
                            "\xE2\x80\x80",
                            "\xE2\x80\x8A",
                            "\xE2\x80\xA8",
                            "\xE2\x80\xA9",
                            "\xE2\x80\xAF",
                            "\xE2\x81\x9F",
                            "\xE3\x80\x80",
                            "# a 'comment'\n",
                            "#\n#\n"}) {
    const std::string text = std::string("one") + blank + "two" + blank;
    TextCursor cursor(text);
    EXPECT_EQ(cursor.TakeName(), "one") << blank;
    EXPECT_EQ(cursor.TakeName(), "two") << blank;
    EXPECT_TRUE(cursor.AtEnd()) << blank;
  }
}

TEST(TextTokens, OtherControlsAndZeroWidthSignsAreNoBlanks) {
  for (const char* sign :
       {"\x01", "\x1b", "\x7f", "\xE2\x80\x8B", "\xEF\xBB\xBF", "\xC2\x86"}) {
    const std::string text = std::string("one ") + sign;
    TextCursor cursor(text);
    cursor.TakeName();
    EXPECT_FALSE(cursor.AtEnd()) << text;
  }
}

TEST(TextTokens, ACommentEndsWithItsLineOrTheText) {
  TextCursor cursor("a # b\nc # d");
  EXPECT_EQ(cursor.TakeName(), "a");
  EXPECT_EQ(cursor.TakeName(), "c");
  EXPECT_TRUE(cursor.AtEnd());
}

TEST(TextTokens, AHashInsideAStringBeginsNoComment) {
  TextCursor cursor("'a#b'");
  EXPECT_EQ(cursor.TakeString(), "a#b");
  EXPECT_TRUE(cursor.AtEnd());
}

TEST(TextTokens, NamesGoOnWithLettersDigitsAndSigns) {
  TextCursor cursor("a_Z9-x+1.b");
  EXPECT_EQ(cursor.TakeName(), "a_Z9-x+1");
  EXPECT_TRUE(cursor.TryTake("."));
  EXPECT_EQ(cursor.TakeName(), "b");
}

TEST(TextTokens, ANameMayBeANumber) {
  TextCursor cursor("12 : 3");
  EXPECT_EQ(cursor.TakeName(), "12");
}

TEST(TextTokens, ATokenIsTakenWholeOrNotAtAll) {
  TextCursor cursor("abc");
  EXPECT_FALSE(cursor.TryTake("ab"));
  EXPECT_FALSE(cursor.TryTake("abcd"));
  EXPECT_TRUE(cursor.TryTake("abc"));
  EXPECT_FALSE(cursor.TryTake(""));
}

TEST(TextTokens, OneSeparatorIsTakenAndNoSecond) {
  for (const char* text : {", ,", "; ;", ", ;", "; ,"}) {
    TextCursor cursor(text);
    cursor.TakeSeparator();
    EXPECT_FALSE(cursor.AtEnd()) << text;
    cursor.TakeSeparator();
    EXPECT_TRUE(cursor.AtEnd()) << text;
    cursor.TakeSeparator();
  }
}

TEST(TextTokens, EitherQuoteMayStandInsideTheOther) {
  for (const char* text : {R"("a'b")", R"('a\'b')", R"("a\'b")"}) {
    TextCursor cursor(text);
    EXPECT_EQ(cursor.TakeString(), "a'b") << text;
  }
  TextCursor cursor(R"('a"b')");
  EXPECT_EQ(cursor.TakeString(), "a\"b");
}

TEST(TextTokens, StringsThatFollowEachOtherAreOne) {
  TextCursor cursor("'a' \"b\"\n# and\n'' 'c' d");
  EXPECT_EQ(cursor.TakeString(), "abc");
  EXPECT_EQ(cursor.TakeName(), "d");
}

TEST(TextTokens, AStringEndsOnItsLine) {
  for (const char* text :
       {"'abc", "'abc\n'", "'abc\\'", "'abc\\\n'", "'", "\"'", "'abc\""}) {
    EXPECT_THAT(CorruptionOf([&] { TextCursor(text).TakeString(); }),
                HasSubstr("expected the string's end on its line"))
        << text;
  }
}

TEST(TextTokens, WhatIsNoStringSaysSo) {
  for (const char* text : {"abc", "5", "", "[", "{"}) {
    EXPECT_THAT(CorruptionOf([&] { TextCursor(text).TakeString(); }),
                HasSubstr("expected a string, found"))
        << text;
  }
}

TEST(TextTokens, AnEscapeThatIsNoneIsNamedWithItsPlace) {
  EXPECT_THAT(CorruptionOf([] {
                TextCursor cursor("a:\n  'x\\q'");
                cursor.TakeName();
                cursor.Take(":");
                cursor.TakeString();
              }),
              StartsWith("line 2, column 3: expected a string (\\q is no "
                         "escape), found"));
}

TEST(TextTokens, NumbersAreTakenWithTheirSigns) {
  TextCursor cursor("1 -2.5e-3 +4 .5 6f -inf");
  for (const double expected : {1.0, -2.5e-3, 4.0, 0.5, 6.0}) {
    EXPECT_EQ(cursor.TakeNumber(), expected);
  }
  EXPECT_LT(cursor.TakeNumber(), -1e308);
  EXPECT_TRUE(cursor.AtEnd());
}

TEST(TextTokens, WhatIsNoNumberSaysSo) {
  for (const char* text : {"abc", "'5'", "", "0x1F", "1.2.3", "-"}) {
    EXPECT_THAT(CorruptionOf([&] { TextCursor(text).TakeNumber(); }),
                HasSubstr("expected a number, found"))
        << text;
  }
}

// Columns count characters, as editors show them.
TEST(TextTokens, ColumnsCountCharactersNotBytes) {
  EXPECT_THAT(NameRefusal("a ="), StartsWith("line 1, column 3:"));
  EXPECT_THAT(NameRefusal("\n\n  ="), StartsWith("line 3, column 3:"));
  EXPECT_THAT(NameRefusal("a\xC2\xA0="), StartsWith("line 1, column 3:"));
  EXPECT_THAT(NameRefusal("a\xE3\x80\x80\xE3\x80\x80="),
              StartsWith("line 1, column 4:"));
  EXPECT_THAT(NameRefusal("a # \xC3\xA9\n="), StartsWith("line 2, column 1:"));
}

TEST(TextTokens, TheEndIsNamedAsFound) {
  EXPECT_THAT(NameRefusal("a"), HasSubstr("found the end"));
  EXPECT_THAT(NameRefusal("a # b"), HasSubstr("found the end"));
}

TEST(TextTokens, OfALongTokenTheBeginIsShown) {
  const std::string text = "'" + std::string(500, 'x') + "'";
  const std::string refusal =
      CorruptionOf([&] { TextCursor(text).TakeNumber(); });
  EXPECT_THAT(refusal, HasSubstr(std::string(39, 'x')));
  EXPECT_LT(refusal.size(), 120u);
}

TEST(SkippedField, MayHoldAnyScalar) {
  for (const char* scalar : {"1", "-1", "0x1F", "017", "1.5", "1e5f", "ENUM",
                             "true", "'a'", "'a' \"b\"", "inf", "-inf"}) {
    const std::string contents = std::string(": ") + scalar + " next";
    TextCursor cursor(contents);
    cursor.SkipContents();
    EXPECT_EQ(cursor.TakeName(), "next") << contents;
  }
}

TEST(SkippedField, MayHoldAMessageInEitherBrackets) {
  for (const char* message :
       {"{}", "<>", ": {}", ": <>", "{ a: 1 }", "< a: 1, b: 2; c: 3 >",
        "{ a < b { c: [] } > }", "{ [a.b]: 1 }", "{ [a.b.c/d]: 1 }",
        "{ [a] {} }", "{ a: [{}, <>, 1, 'x'] }"}) {
    const std::string contents = std::string(message) + " next";
    TextCursor cursor(contents);
    cursor.SkipContents();
    EXPECT_EQ(cursor.TakeName(), "next") << contents;
  }
}

TEST(SkippedField, BracketsCloseInTheirOrder) {
  for (const char* message : {"{ >", "< }", "{ a { > }", ": [ }", "{ a: 1 ]"}) {
    EXPECT_THAT(SkipRefusal(message), HasSubstr("expected")) << message;
  }
}

TEST(SkippedField, ListsHaveCommasBetweenTheirValuesOnly) {
  for (const char* list : {": [1]", ": [1, 2]", ": []", ": [{}, {}]"}) {
    EXPECT_EQ(SkipRefusal(list), "accepted") << list;
  }
  for (const char* list :
       {": [,]", ": [1,]", ": [1;2]", ": [1", ": [[1]]", ": [1,,2]", "[1]"}) {
    EXPECT_THAT(SkipRefusal(list), HasSubstr("expected")) << list;
  }
}

TEST(SkippedField, ExtensionsHaveDottedNamesAndMaybeAHost) {
  for (const char* name : {"a", "a.b", "a.b.c.d", "a.b.c/d", "a.b.c/d.e"}) {
    EXPECT_EQ(SkipRefusal(std::string("{ [") + name + "]: 1 }"), "accepted")
        << name;
  }
  for (const char* name : {"", ".", "a.", ".a", "a..b", "a/b", "a.b/c", "a b",
                           "a.b.c/", "a.b.c/d/e", "a.b.c.d/e", "'a'"}) {
    EXPECT_THAT(SkipRefusal(std::string("{ [") + name + "]: 1 }"),
                HasSubstr("expected the name of an extension"))
        << name;
  }
}

TEST(SkippedField, MessagesNestAHundredDeepAndNoDeeper) {
  const auto nested = [](std::size_t depth) {
    std::string text = "{";
    for (std::size_t i = 1; i < depth; ++i) text += "a{";
    return text + std::string(depth, '}');
  };
  EXPECT_EQ(SkipRefusal(nested(100)), "accepted");
  EXPECT_THAT(SkipRefusal(nested(101)),
              HasSubstr("expected no message inside 100 others"));
}

TEST(SkippedField, AMessageInAListIsAsDeepAsTheList) {
  std::string text = ":[{}]";
  for (int i = 0; i < 99; ++i) text = ":[{a" + text + "}]";
  EXPECT_EQ(SkipRefusal(text), "accepted");
  EXPECT_THAT(SkipRefusal(":[{a" + text + "}]"), HasSubstr("100 others"));
}

// Texts of the grammar, made at random: each is skipped to its end.
std::string AnyContents(Random* random, int depth) {
  const auto message = [&] {
    std::string text;
    for (std::uint64_t count = random->Below(3); count > 0; --count) {
      text += "f" + AnyContents(random, depth - 1);
      text += std::vector<const char*>{" ", ",", ";"}[random->Below(3)];
    }
    return random->OneIn(2) ? "{" + text + "}" : "<" + text + ">";
  };
  const auto scalar = [&]() -> std::string {
    return std::vector<const char*>{"1", "'x'", "E", "-2.5"}[random->Below(4)];
  };
  switch (random->Below(depth > 0 ? 4 : 1)) {
    case 0:
      return ": " + scalar();
    case 1:
      return (random->OneIn(2) ? ":" : " ") + message();
    case 2:
      return ": [" + scalar() + "," + message() + "]";
    default:
      return ": []";
  }
}

TEST(SkippedField, TextsOfTheGrammarAreSkippedToTheirEnd) {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    const std::string contents = AnyContents(&random, 4) + " # end\n next";
    TextCursor cursor(contents);
    cursor.SkipContents();
    EXPECT_EQ(cursor.TakeName(), "next") << contents;
  }
}

TEST(SkippedField, TextsWithOneByteLeftOutNeverRunPastTheEnd) {
  Random random(8);
  for (int i = 0; i < 1000; ++i) {
    std::string contents = AnyContents(&random, 4);
    contents.erase(random.Below(contents.size()), 1);
    try {
      TextCursor cursor(contents);
      cursor.SkipContents();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption) << contents;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::text_cursor_tokens_test
