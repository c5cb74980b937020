#include "fastckpt/platform/directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>

#include "fastckpt/base/error.h"
#include "testing/folder.h"

namespace fastckpt::internal::directory_test {
namespace {

int CodeOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kSystem);
    return error.system_code();
  }
  return 0;
}

TEST(Directory, MakesMissingFoldersAndTheirParents) {
  const Folder folder;
  const Directory directory(folder.Path("a/b/c"));
  EXPECT_TRUE(std::filesystem::is_directory(folder.Path("a/b/c")));
  directory.Sync();
}

TEST(Directory, SaysWhatIsInTheWay) {
  const Folder folder;
  folder.Write("file", "");
  EXPECT_EQ(CodeOf([&] { Directory(folder.Path("file")); }), ENOTDIR);
  EXPECT_EQ(CodeOf([&] { Directory(folder.Path("file/sub")); }), ENOTDIR);
}

TEST(Directory, ListsNamesOften) {
  const Folder folder;
  folder.Write("x", "");
  const Directory directory(folder.Path(""));
  EXPECT_EQ(directory.List(), std::vector<std::string>{"x"});
  EXPECT_EQ(directory.List(), std::vector<std::string>{"x"});
}

TEST(Directory, TellsFilesFromFolders) {
  const Folder folder;
  folder.Write("file", "");
  std::filesystem::create_directory(folder.Path("sub"));
  const Directory directory(folder.Path(""));
  EXPECT_TRUE(directory.HasFile("file"));
  EXPECT_FALSE(directory.HasFolder("file"));
  EXPECT_TRUE(directory.HasFolder("sub"));
  EXPECT_FALSE(directory.HasFile("sub"));
  EXPECT_FALSE(directory.HasFile("nothing"));
  EXPECT_FALSE(directory.HasFolder("nothing"));
}

TEST(Directory, KeepsToTheFolderWhenItIsRenamed) {
  const Folder folder;
  std::filesystem::create_directory(folder.Path("old"));
  const Directory directory(folder.Path("old"));
  folder.Write("old/a", "bytes");
  std::filesystem::rename(folder.Path("old"), folder.Path("new"));
  directory.Rename("a", "b");
  EXPECT_EQ(folder.Read("new/b"), "bytes");
  EXPECT_TRUE(directory.Remove("b"));
  EXPECT_FALSE(directory.Remove("b"));
}

TEST(Directory, FailedRenameNamesTheTarget) {
  const Folder folder;
  const Directory directory(folder.Path(""));
  try {
    directory.Rename("nothing", "target");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.system_code(), ENOENT);
    EXPECT_EQ(error.where().path, folder.Path("target"));
  }
}

TEST(Directory, RefusesMissingFoldersIfAsked) {
  const Folder folder;
  EXPECT_EQ(
      CodeOf([&] { Directory(folder.Path("a"), Directory::Missing::kRefuse); }),
      ENOENT);
  EXPECT_EQ(folder.Names(), std::set<std::string>{});
}

TEST(Directory, TellsWhatIsUnderAName) {
  const Folder folder;
  folder.Write("file", "");
  std::filesystem::create_directory(folder.Path("sub"));
  std::filesystem::create_symlink("file", folder.Path("link"));
  mkfifo(folder.Path("pipe").c_str(), 0600);
  const Directory directory(folder.Path(""));
  EXPECT_EQ(directory.KindOf("file"), Directory::Kind::kFile);
  EXPECT_EQ(directory.KindOf("link"), Directory::Kind::kFile);
  EXPECT_EQ(directory.KindOf("sub"), Directory::Kind::kFolder);
  EXPECT_EQ(directory.KindOf("pipe"), Directory::Kind::kOther);
  EXPECT_EQ(directory.KindOf("nothing"), Directory::Kind::kNone);
}

TEST(Directory, TouchedFileIsTheNewest) {
  const Folder folder;
  folder.Write("file", "");
  const auto past =
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(folder.Path("file"), past);
  const Directory directory(folder.Path(""));
  const auto before = directory.ModifiedAt("file");
  directory.Touch("file");
  EXPECT_LT(before, directory.ModifiedAt("file"));
  EXPECT_EQ(directory.ModifiedAt("nothing"), std::nullopt);
  EXPECT_EQ(directory.ModifiedAt("."), std::nullopt);
}

TEST(Directory, ReadsTheEndOfAFile) {
  const Folder folder;
  folder.Write("file", "abcdef");
  const Directory directory(folder.Path(""));
  EXPECT_EQ(directory.ReadEnd("file", 2), "ef");
  EXPECT_EQ(directory.ReadEnd("file", 100), "abcdef");
  EXPECT_EQ(directory.ReadEnd("nothing", 2), "");
  EXPECT_EQ(directory.ReadEnd(".", 2), "");
}

}  // namespace
}  // namespace fastckpt::internal::directory_test
