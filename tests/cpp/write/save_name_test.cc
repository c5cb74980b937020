#include "fastckpt/write/save_name.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "fastckpt/base/error.h"

namespace fastckpt::internal::save_name_test {
namespace {

TEST(SaveName, PathIsFolderAndName) {
  EXPECT_EQ(FolderOf("m"), "");
  EXPECT_EQ(FolderOf("/m"), "/");
  EXPECT_EQ(FolderOf("a/b/m"), "a/b");
  EXPECT_EQ(SaveNameOf("a/b/m"), "m");
  EXPECT_EQ(SaveNameOf("a/b/"), "");
}

TEST(SaveName, NamesLikeOurOwnAreRefused) {
  for (const char* name : {"m.fastckpt-0123abcd.tmp", "m.fastckpt-0123abcd.old",
                           "m.index.fastckpt-0123abcd.old", "m.fastckpt-lock",
                           "m.data-00000-of-00001.fastckpt-0123abcd.tmp"}) {
    EXPECT_THROW(SaveNameOf(name), Error) << name;
  }
  EXPECT_THROW(SaveNameOf(std::string("m\0m", 3)), Error);
}

TEST(SaveName, NamesThatOnlyLookALittleLikeOurOwnAreNot) {
  for (const char* name :
       {"m.fastckpt-0123abcd", "m.fastckpt-0123abcd.old.1", "m.old", "m.tmp",
        "m.fastckpt-0123ABCD.tmp", "fastckpt-lock", "m.fastckpt-lock-1"}) {
    EXPECT_EQ(SaveNameOf(name), name);
  }
}

TEST(SaveName, TokensAreEightDigitsAndDiffer) {
  EXPECT_EQ(MakeToken().size(), std::size_t{8});
  EXPECT_NE(MakeToken(), MakeToken());
}

// A prefix that can be saved can be locked.
TEST(SaveName, LockIsNoLongerThanTheNamesOfFilesInTheMaking) {
  EXPECT_LT(LockName("m").size(),
            std::string("m.fastckpt-01234567.tmp").size());
}

}  // namespace
}  // namespace fastckpt::internal::save_name_test
