#include "fastckpt/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>

namespace fastckpt::internal::error_test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Runs what throws and gives the error.
Error Caught(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::kInvalid, "");
}

TEST(ErrorTest, TellsPathTensorOffsetAndMessageInThisOrder) {
  const Error error(ErrorKind::kCorruption, "broken", {"a.index", 12, "w\n"});
  EXPECT_STREQ(error.what(), "a.index: tensor 'w\\x0a': at offset 12: broken");
}

TEST(ErrorTest, LeavesOutWhatIsUnknown) {
  EXPECT_STREQ(Error(ErrorKind::kInvalid, "broken").what(), "broken");
  const Error error(ErrorKind::kInvalid, "broken", {"", 0, std::nullopt});
  EXPECT_STREQ(error.what(), "at offset 0: broken");
}

TEST(ErrorTest, NamesATensorWithoutAName) {
  const Error error(ErrorKind::kNotFound, "missing", {"", std::nullopt, ""});
  EXPECT_STREQ(error.what(), "tensor '': missing");
}

TEST(ErrorTest, KeepsTheInnerPlaceWhenContextIsAdded) {
  Error error(ErrorKind::kCorruption, "broken", {"inner", 1, std::nullopt});
  error.AddContext({"outer", 2, "w"});
  EXPECT_STREQ(error.what(), "inner: tensor 'w': at offset 1: broken");
  EXPECT_EQ(error.where().path, "inner");
  EXPECT_EQ(error.where().offset, 1u);
  EXPECT_EQ(error.where().tensor, "w");
  EXPECT_EQ(error.message(), "broken");
}

TEST(ErrorTest, AddsContextOnTheWayUp) {
  const Error error = Caught([] {
    WithContext({"a.index", std::nullopt, std::nullopt}, [] {
      WithContext({"", 8, std::nullopt}, [] { ThrowCorruption("broken"); });
    });
  });
  EXPECT_STREQ(error.what(), "a.index: at offset 8: broken");
}

TEST(ErrorTest, GivesTheResultOfWorkThatSucceeds) {
  EXPECT_EQ(WithContext({}, [] { return 42; }), 42);
}

TEST(ErrorTest, ThrowsTheKindInTheName) {
  EXPECT_EQ(Caught([] { ThrowCorruption("m"); }).kind(),
            ErrorKind::kCorruption);
  EXPECT_EQ(Caught([] { ThrowUnsupported("m"); }).kind(),
            ErrorKind::kUnsupported);
  EXPECT_EQ(Caught([] { ThrowInvalid("m"); }).kind(), ErrorKind::kInvalid);
}

TEST(ErrorTest, WordsTheSystemsCode) {
  const Error error =
      Caught([] { ThrowSystem(ENOENT, "cannot open", "a.index"); });
  EXPECT_EQ(error.kind(), ErrorKind::kSystem);
  EXPECT_EQ(error.system_code(), ENOENT);
  EXPECT_STREQ(error.what(), "a.index: cannot open: No such file or directory");
}

TEST(QuoteTest, LeavesPlainTextAlone) {
  EXPECT_EQ(Quote("model/dense_1/kernel:0 (x)"),
            "'model/dense_1/kernel:0 (x)'");
  EXPECT_EQ(Quote(""), "''");
}

TEST(QuoteTest, EscapesEveryByteThatIsNotPlain) {
  for (int value = 0; value < 256; ++value) {
    const std::string byte(1, static_cast<char>(value));
    const bool is_plain =
        value >= ' ' && value <= '~' && value != '\'' && value != '\\';
    if (is_plain) {
      EXPECT_EQ(Quote(byte), "'" + byte + "'");
    } else {
      EXPECT_THAT(Quote(byte), testing::MatchesRegex("'\\\\x[0-9a-f]{2}'"));
    }
  }
  EXPECT_EQ(Quote("a\nb"), "'a\\x0ab'");
  EXPECT_EQ(Quote("\xff"), "'\\xff'");
}

TEST(QuoteTest, IsNoFormat) { EXPECT_EQ(Quote("%s%n"), "'%s%n'"); }

TEST(QuoteTest, CutsALongNameAndTellsItsSize) {
  const std::string quoted = Quote(std::string(1 << 20, 'n'));
  EXPECT_THAT(quoted, StartsWith("'nnnn"));
  EXPECT_THAT(quoted, EndsWith("'... (1048576 bytes)"));
  EXPECT_LT(quoted.size(), 130u);
}

TEST(QuoteTest, KeepsANameOfAHundredBytesWhole) {
  EXPECT_THAT(Quote(std::string(100, 'n')), Not(HasSubstr("...")));
  EXPECT_THAT(Quote(std::string(101, 'n')), HasSubstr("... (101 bytes)"));
}

TEST(QuoteTest, CutsNoEscapeInTwo) {
  for (std::size_t before = 90; before < 100; ++before) {
    const std::string quoted =
        Quote(std::string(before, 'n') + std::string(50, '\n'));
    EXPECT_THAT(quoted, HasSubstr("\\x0a'... ("));
  }
}

TEST(ThrowSystemTest, TakesTheCodesOfTheStandardLibraryToo) {
  const auto code = std::errc::no_such_file_or_directory;
  const Error error = Caught([&] { ThrowSystem(code, "cannot open", "f"); });
  EXPECT_STREQ(error.what(), "f: cannot open: No such file or directory");
  EXPECT_EQ(error.system_code(), ENOENT);
  EXPECT_TRUE(HasCode(error, code));
  EXPECT_FALSE(HasCode(error, std::errc::not_a_directory));
}

TEST(Hex32Test, WritesEightDigits) {
  EXPECT_EQ(Hex32(0), "0x00000000");
  EXPECT_EQ(Hex32(0x1c291ca3), "0x1c291ca3");
  EXPECT_EQ(Hex32(0xffffffff), "0xffffffff");
}

}  // namespace
}  // namespace fastckpt::internal::error_test
