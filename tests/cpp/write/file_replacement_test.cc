#include "fastckpt/write/file_replacement.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "fastckpt/base/error.h"
#include "testing/folder.h"

namespace fastckpt::internal::file_replacement_test {
namespace {

using Names = std::set<std::string>;
using Missing = Directory::Missing;

class FileReplacementTest : public ::testing::Test {
 protected:
  void Replace(const std::string& name, const std::string& content) const {
    FileReplacement file(folder_.Path(name), Missing::kRefuse);
    file.Write(AsBytes(content));
    file.Finish(/*sync=*/true);
  }

  int CodeOf(const std::string& name) const {
    try {
      Replace(name, "new");
    } catch (const Error& error) {
      EXPECT_EQ(error.where().path, folder_.Path(name));
      return error.system_code();
    }
    return 0;
  }

  const Folder folder_;
};

TEST_F(FileReplacementTest, NewContentTakesThePlaceOfTheOld) {
  Replace("file", "a long old content");
  Replace("file", "new");
  EXPECT_EQ(folder_.Read("file"), "new");
  EXPECT_EQ(folder_.Names(), Names{"file"});
}

TEST_F(FileReplacementTest, OldFileStaysUntilTheEnd) {
  folder_.Write("file", "old");
  {
    const FileReplacement file(folder_.Path("file"), Missing::kRefuse);
    file.Write(AsBytes("new"));
    EXPECT_EQ(folder_.Read("file"), "old");
    EXPECT_TRUE(std::filesystem::exists(file.path()));
  }
  EXPECT_EQ(folder_.Read("file"), "old");
  EXPECT_EQ(folder_.Names(), Names{"file"});
}

TEST_F(FileReplacementTest, FileThatWasPutBesideIsTaken) {
  FileReplacement file(folder_.Path("file"), Missing::kRefuse);
  folder_.Write("other", "other");
  std::filesystem::rename(folder_.Path("other"), file.path());
  file.Finish(/*sync=*/false);
  EXPECT_EQ(folder_.Read("file"), "other");
}

TEST_F(FileReplacementTest, OnlyLitterOfThisVeryFileIsRemoved) {
  const Names others = {"other.fastckpt-0123abcd.tmp", "file.txt",
                        "file.fastckpt-0123abcd.old", "file.fastckpt-0123.tmp",
                        "file.index.fastckpt-0123abcd.tmp"};
  for (const std::string& name : others) folder_.Write(name, "");
  folder_.Write("file.fastckpt-0123abcd.tmp", "");
  Replace("file", "new");
  Names expected = others;
  expected.insert("file");
  EXPECT_EQ(folder_.Names(), expected);
}

TEST_F(FileReplacementTest, FilesInTheMakingAreNoLitter) {
  FileReplacement slow(folder_.Path("file"), Missing::kRefuse);
  Replace("file", "quick");
  slow.Write(AsBytes("slow"));
  slow.Finish(/*sync=*/false);
  EXPECT_EQ(folder_.Read("file"), "slow");
}

TEST_F(FileReplacementTest, OnlyFilesAreReplaced) {
  std::filesystem::create_directory(folder_.Path("sub"));
  mkfifo(folder_.Path("pipe").c_str(), 0600);
  EXPECT_EQ(CodeOf("sub"), EISDIR);
  EXPECT_EQ(CodeOf("sub/"), EISDIR);
  EXPECT_EQ(CodeOf("pipe"), EINVAL);
  EXPECT_EQ(folder_.Names(), (Names{"pipe", "sub"}));
}

TEST_F(FileReplacementTest, MissingFoldersAreMadeIfAsked) {
  const std::string path = folder_.Path("a/b/file");
  EXPECT_THROW(FileReplacement(path, Missing::kRefuse), Error);
  FileReplacement(path, Missing::kMake).Finish(/*sync=*/true);
  EXPECT_EQ(folder_.Read("a/b/file"), "");
}

}  // namespace
}  // namespace fastckpt::internal::file_replacement_test
