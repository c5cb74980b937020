#include "fastckpt/platform/file_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::file_reader_test {
namespace {

using ::testing::HasSubstr;

class FileReaderTest : public ::testing::Test {
 protected:
  int CodeOf(const std::string& path) const {
    try {
      const FileReader reader(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kSystem);
      EXPECT_EQ(error.where().path, path);
      return error.system_code();
    }
    return 0;
  }

  std::string ReadAt(const FileReader& reader, std::uint64_t offset,
                     std::size_t size) const {
    std::vector<std::uint8_t> bytes(size);
    reader.Read(offset, bytes);
    return std::string(AsText(bytes));
  }

  const Folder folder_;
};

TEST_F(FileReaderTest, ReadsAnyRange) {
  folder_.Write("f", "0123456789");
  const FileReader reader(folder_.Path("f"));
  EXPECT_EQ(reader.size(), 10u);
  EXPECT_EQ(ReadAt(reader, 0, 10), "0123456789");
  EXPECT_EQ(ReadAt(reader, 7, 3), "789");
  EXPECT_EQ(ReadAt(reader, 10, 0), "");
}

TEST_F(FileReaderTest, ReadOverTheEndNamesTheFileAndWhatIsMissing) {
  folder_.Write("f", "0123456789");
  const FileReader reader(folder_.Path("f"));
  const std::string refusal = CorruptionOf([&] { ReadAt(reader, 8, 5); });
  EXPECT_THAT(refusal, HasSubstr(folder_.Path("f")));
  EXPECT_THAT(refusal, HasSubstr("ends at byte 10, where 3 more"));
}

TEST_F(FileReaderTest, OffsetThatNoFileHasIsAnErrorOfOurs) {
  folder_.Write("f", "0123456789");
  const FileReader reader(folder_.Path("f"));
  EXPECT_THROW(ReadAt(reader, UINT64_MAX - 1, 4), Error);
  EXPECT_THROW(ReadAt(reader, std::uint64_t{1} << 63, 4), Error);
}

TEST_F(FileReaderTest, CutAndGrownFilesAreNoticed) {
  folder_.Write("f", "0123456789");
  const FileReader reader(folder_.Path("f"));
  reader.CheckSize();
  for (const std::uintmax_t size : {4u, 11u}) {
    std::filesystem::resize_file(folder_.Path("f"), size);
    EXPECT_THAT(CorruptionOf([&] { reader.CheckSize(); }),
                HasSubstr("had 10 bytes when it was opened and has " +
                          std::to_string(size) + " now"));
  }
}

TEST_F(FileReaderTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(folder_.Path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(CodeOf(folder_.Path("fifo")), EINVAL);
  EXPECT_EQ(CodeOf("/dev/zero"), EINVAL);
  EXPECT_EQ(CodeOf(folder_.Path("")), EISDIR);
  EXPECT_EQ(CodeOf(folder_.Path("missing")), ENOENT);
  EXPECT_EQ(CodeOf(""), ENOENT);
}

TEST_F(FileReaderTest, LinksAreFollowedAndLoopsAreErrors) {
  folder_.Write("f", "linked");
  std::filesystem::create_symlink("f", folder_.Path("link"));
  std::filesystem::create_symlink("loop", folder_.Path("loop"));
  std::filesystem::create_symlink("nowhere", folder_.Path("dangling"));
  EXPECT_EQ(ReadAt(FileReader(folder_.Path("link")), 0, 6), "linked");
  EXPECT_EQ(CodeOf(folder_.Path("loop")), ELOOP);
  EXPECT_EQ(CodeOf(folder_.Path("dangling")), ENOENT);
}

TEST_F(FileReaderTest, PathWithNulIsNotCutShort) {
  folder_.Write("f", "x");
  const std::string path = folder_.Path("f") + std::string("\0x", 2);
  EXPECT_THAT(
      Refusal(ErrorKind::kInvalid, [&] { const FileReader reader(path); }),
      HasSubstr("NUL"));
}

TEST_F(FileReaderTest, ReplacementHasAnotherIdentity) {
  folder_.Write("f", "same bytes");
  const FileReader reader(folder_.Path("f"));
  EXPECT_EQ(StatFile(folder_.Path("f")), reader.identity());
  folder_.Write("g", "same bytes");
  std::filesystem::rename(folder_.Path("g"), folder_.Path("f"));
  EXPECT_FALSE(StatFile(folder_.Path("f")) == reader.identity());
  EXPECT_THAT(SystemErrorOf([&] { StatFile(folder_.Path("g")); }),
              HasSubstr("cannot stat"));
}

TEST_F(FileReaderTest, DescriptorIsClosedAndNotInherited) {
  folder_.Write("f", "x");
  int descriptor = -1;
  {
    const FileReader reader(folder_.Path("f"));
    descriptor = reader.descriptor();
    EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_EQ(fcntl(descriptor, F_GETFD), -1);
}

}  // namespace
}  // namespace fastckpt::internal::file_reader_test
