#include "fastckpt/proto/text_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "testing/refusal.h"

namespace fastckpt::internal::text_cursor_test {
namespace {

using testing::HasSubstr;

TEST(TextCursorTest, TakesTokensAcrossBlanksAndComments) {
  const std::string text =
      " name # a comment: 'x'\n\t:\xC2\xA0-1.5 ; 'a'  \"b\"";
  TextCursor cursor(text);
  EXPECT_EQ(cursor.TakeName(), "name");
  cursor.Take(":");
  EXPECT_EQ(cursor.TakeNumber(), -1.5);
  cursor.TakeSeparator();
  EXPECT_EQ(cursor.TakeString(), "ab");
  EXPECT_TRUE(cursor.AtEnd());
}

TEST(TextCursorTest, SkipsWhateverAFieldHolds) {
  for (const char* contents :
       {": 1", ": 'a' 'b'", ": ENUM", ": [1, 'a', x]", ": []",
        "{ a: 1 b { c < d: 2 > } }", ": { [ext.name]: 1, [a.b.c/d.e] {} }",
        ": [{ a: 1 }, { }]", ": 0x1F"}) {
    TextCursor cursor(contents);
    cursor.SkipContents();
    EXPECT_TRUE(cursor.AtEnd()) << contents;
  }
}

TEST(TextCursorTest, SaysWhereAndWhatWasExpected) {
  const auto refusal = [](std::string_view text) {
    return CorruptionOf([&] {
      TextCursor cursor(text);
      while (!cursor.AtEnd()) {
        cursor.TakeName();
        cursor.SkipContents();
      }
    });
  };
  EXPECT_THAT(refusal("a: 1\nb 5"),
              HasSubstr("line 2, column 3: expected '{'"));
  EXPECT_THAT(refusal("é\xC3\xA9: 1 ="), HasSubstr("expected"));
  EXPECT_THAT(refusal("a: 'x\n'"), HasSubstr("expected a value"));
  EXPECT_THAT(refusal("= 5"), HasSubstr("expected a field name, found '='"));
  EXPECT_THAT(refusal("a {"), HasSubstr("found the end"));
  EXPECT_THAT(refusal("a: [1 2]"), HasSubstr("expected ','"));
  EXPECT_THAT(refusal("a { [b/c]: 1 }"), HasSubstr("the name of an extension"));
}

TEST(TextCursorTest, MessagesWithoutEndDoNotRecurse) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "{ a ";
  EXPECT_THAT(CorruptionOf([&] { TextCursor(text).SkipContents(); }),
              HasSubstr("no message inside 100 others"));
}

TEST(TextCursorTest, EveryCutIsAnErrorOrTheEnd) {
  const std::string text = "a: 'b\\n' { c: [1, 0x2] d < [e.f]: inf > } # end";
  for (std::size_t size = 0; size < text.size(); ++size) {
    try {
      TextCursor cursor(std::string_view(text).substr(0, size));
      while (!cursor.AtEnd()) {
        cursor.TakeName();
        cursor.SkipContents();
        cursor.TakeSeparator();
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::text_cursor_test
