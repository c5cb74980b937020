#include "fastckpt/platform/filesystem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "fastckpt/platform/file_reader.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::filesystem_test {
namespace {

using ::testing::HasSubstr;

TEST(Filesystem, FileAndFolderLieOnTheSameOne) {
  const Folder folder;
  folder.Write("f", "x");
  EXPECT_FALSE(FilesystemOf(folder.Path("f")).empty());
  EXPECT_EQ(FilesystemOf(folder.Path("f")), FilesystemOf(folder.Path("")));
}

TEST(Filesystem, OpenFileTellsWhatItsPathTells) {
  const Folder folder;
  folder.Write("f", "x");
  const FileReader file(folder.Path("f"));
  EXPECT_EQ(FilesystemOfFile(file.descriptor()),
            FilesystemOf(folder.Path("f")));
  EXPECT_EQ(FilesystemOfFile(-1), "");
}

TEST(Filesystem, MemoryOfTheSystemIsTmpfs) {
  if (!std::filesystem::exists("/dev/shm")) GTEST_SKIP() << "no /dev/shm";
  EXPECT_EQ(FilesystemOf("/dev/shm"), "tmpfs");
}

TEST(Filesystem, LinksLeadToOthersAndEachIsNamedOnce) {
  if (!std::filesystem::exists("/dev/shm")) GTEST_SKIP() << "no /dev/shm";
  const Folder folder;
  folder.Write("f", "x");
  const std::string here = FilesystemOf(folder.Path("f"));
  std::filesystem::create_symlink("/dev/shm", folder.Path("link"));
  std::vector<std::string> expected{here};
  if (here != "tmpfs") expected.push_back("tmpfs");
  EXPECT_EQ(
      FilesystemsOf({folder.Path("f"), folder.Path("missing"),
                     folder.Path("link"), folder.Path(""), folder.Path("f")}),
      expected);
  EXPECT_TRUE(FilesystemsOf({}).empty());
}

TEST(Filesystem, MissingPathIsNamed) {
  const Folder folder;
  EXPECT_THAT(SystemErrorOf([&] { FilesystemOf(folder.Path("missing")); }),
              HasSubstr(folder.Path("missing")));
}

TEST(Filesystem, ServersAreTold) {
  EXPECT_TRUE(IsNetworkFilesystem("nfs"));
  EXPECT_TRUE(IsNetworkFilesystem("fuse"));
  EXPECT_FALSE(IsNetworkFilesystem("ext4"));
  EXPECT_FALSE(IsNetworkFilesystem("unknown(0x00000001)"));
}

}  // namespace
}  // namespace fastckpt::internal::filesystem_test
