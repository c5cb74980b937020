#include "fastckpt/platform/directory.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "fastckpt/base/error.h"
#include "testing/folder.h"

namespace fastckpt {
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

TEST(DirectoryLock, MakesOthersWait) {
  const Folder folder;
  const Directory first(folder.Path(""));
  const Directory second(folder.Path(""));
  auto lock = std::make_unique<DirectoryLock>(first);
  EXPECT_NE(flock(second.descriptor(), LOCK_EX | LOCK_NB), 0);
  std::atomic<bool> has_released = false;
  std::thread other([&] {
    const DirectoryLock waiting(second);
    EXPECT_TRUE(has_released);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  has_released = true;
  lock.reset();
  other.join();
}

}  // namespace
}  // namespace fastckpt
