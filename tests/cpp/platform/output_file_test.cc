#include "fastckpt/platform/output_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/file_reader.h"
#include "testing/folder.h"

namespace fastckpt::internal::output_file_test {
namespace {

using Names = std::set<std::string>;

class OutputFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<OutputFile> Create() const {
    return std::make_unique<OutputFile>(directory_, "new.tmp", "new");
  }

  const Folder folder_;
  const std::shared_ptr<const Directory> directory_ =
      std::make_shared<const Directory>(folder_.Path(""));
};

TEST_F(OutputFileTest, IsRemovedUnlessItWasMoved) {
  Create();
  EXPECT_EQ(folder_.Names(), Names{});
  Create()->Move();
  EXPECT_EQ(folder_.Names(), Names{"new"});
}

TEST_F(OutputFileTest, WritesAnywhere) {
  const auto file = Create();
  file->WriteAt(3, AsBytes("def"));
  file->WriteAt(0, AsBytes("abc"));
  file->StartWriteback(0, 6);
  file->Sync();
  EXPECT_EQ(folder_.Read("new.tmp"), "abcdef");
}

TEST_F(OutputFileTest, WritesPastTheCacheWhereThatWorks) {
  alignas(kDirectAlignment) static std::uint8_t block[2 * kDirectAlignment];
  block[0] = 'a';
  block[kDirectAlignment] = 'b';
  const auto file = Create();
  file->WriteDirect(0, block);
  file->AllowDirect();
  file->WriteDirect(sizeof block, block);
  const std::string once(AsText(block));
  EXPECT_EQ(folder_.Read("new.tmp"), once + once);
}

TEST_F(OutputFileTest, BlocksThatTheDiskRefusesGoThroughTheCache) {
  const std::string odd(1000, 'x');
  const auto file = Create();
  file->AllowDirect();
  file->WriteDirect(1, AsBytes(odd));
  EXPECT_EQ(folder_.Read("new.tmp").substr(1), odd);
}

// Works on btrfs and XFS, and nowhere else is it an error.
TEST_F(OutputFileTest, SharedBlocksAreThoseOfTheOtherFile) {
  const std::string content =
      std::string(kDirectAlignment, 'a') + std::string(kDirectAlignment, 'b');
  folder_.Write("from", content);
  const FileReader from(folder_.Path("from"));
  const auto file = Create();
  const bool is_shared =
      file->Share(from, kDirectAlignment, 0, kDirectAlignment);
  EXPECT_EQ(folder_.Read("new.tmp"),
            is_shared ? content.substr(kDirectAlignment) : "");
}

TEST_F(OutputFileTest, RangeThatIsNotThereIsNotShared) {
  folder_.Write("from", "short");
  const FileReader from(folder_.Path("from"));
  const auto file = Create();
  EXPECT_FALSE(file->Share(from, kDirectAlignment, 0, kDirectAlignment));
  EXPECT_FALSE(file->Share(from, 0, 0, kDirectAlignment));
}

TEST_F(OutputFileTest, MovesOverAnother) {
  folder_.Write("new", "old bytes");
  const auto file = Create();
  file->WriteAt(0, AsBytes("new bytes"));
  file->Move();
  EXPECT_EQ(folder_.Read("new"), "new bytes");
  EXPECT_EQ(folder_.Names(), Names{"new"});
}

TEST_F(OutputFileTest, IsNotRemovedOnceItWasLetGo) {
  Create()->LetGo();
  EXPECT_EQ(folder_.Names(), Names{"new.tmp"});
}

TEST_F(OutputFileTest, TakesOverAFileThatWasPutInItsPlace) {
  const auto file = Create();
  file->TakeOver();  // its own
  folder_.Write("other", "bytes");
  std::filesystem::permissions(folder_.Path("other"),
                               std::filesystem::perms::owner_read);
  const auto mode =
      std::filesystem::status(folder_.Path("new.tmp")).permissions();
  std::filesystem::rename(folder_.Path("other"), folder_.Path("new.tmp"));
  file->TakeOver();
  file->Sync();
  EXPECT_FALSE(RemoveAbandoned(*directory_, "new.tmp"));
  file->Move();
  EXPECT_EQ(folder_.Read("new"), "bytes");
  EXPECT_EQ(std::filesystem::status(folder_.Path("new")).permissions(), mode);
}

TEST_F(OutputFileTest, DoesNotTakeOverWhatIsThere) {
  folder_.Write("new.tmp", "somebody's");
  try {
    Create();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.system_code(), EEXIST);
    EXPECT_EQ(error.where().path, folder_.Path("new"));
  }
  EXPECT_EQ(folder_.Read("new.tmp"), "somebody's");
}

TEST_F(OutputFileTest, ForkedChildLeavesItAlone) {
  auto file = Create();
  const pid_t child = fork();
  if (child == 0) {
    file.reset();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(folder_.Names(), Names{"new.tmp"});
}

TEST_F(OutputFileTest, DuplicateIsAHardLinkWhereThatWorks) {
  folder_.Write("source", "bytes");
  const auto file = OutputFile::Duplicate(directory_, "new.tmp", "new",
                                          FileReader(folder_.Path("source")));
  file->Sync();
  file->Move();
  EXPECT_EQ(folder_.Read("new"), "bytes");
  EXPECT_EQ(std::filesystem::hard_link_count(folder_.Path("source")), 2u);
}

TEST_F(OutputFileTest, DuplicateIsACopyAcrossFileSystems) {
  const std::filesystem::path memory = "/dev/shm";
  if (!std::filesystem::exists(memory)) GTEST_SKIP() << "no /dev/shm";
  const std::string source = memory / ("fastckpt-" + std::to_string(getpid()));
  const std::string bytes(3'000'000, 'x');
  std::ofstream(source) << bytes;
  const auto file =
      OutputFile::Duplicate(directory_, "new.tmp", "new", FileReader(source));
  EXPECT_EQ(std::filesystem::hard_link_count(source), 1u);
  std::filesystem::remove(source);
  EXPECT_EQ(folder_.Read("new.tmp"), bytes);
}

TEST_F(OutputFileTest, DuplicateOfAFileThatWasReplacedIsRefusedAndLeavesNone) {
  folder_.Write("source", "bytes");
  const FileReader source(folder_.Path("source"));
  folder_.Write("other", "other");
  std::filesystem::rename(folder_.Path("other"), folder_.Path("source"));
  try {
    OutputFile::Duplicate(directory_, "new.tmp", "new", source);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    EXPECT_EQ(error.where().path, folder_.Path("source"));
  }
  EXPECT_EQ(folder_.Names(), Names{"source"});
}

TEST_F(OutputFileTest, SettledFileIsCompleteAndClosed) {
  const auto file = Create();
  file->WriteAt(0, AsBytes("bytes"));
  file->Settle(true);
  file->Sync();
  file->Move();
  EXPECT_EQ(folder_.Read("new"), "bytes");
}

TEST_F(OutputFileTest, WhatWasWrittenCanBeRead) {
  const auto file = Create();
  file->WriteAt(0, AsBytes("bytes"));
  std::vector<std::uint8_t> found(3);
  file->ReadAt(1, found);
  EXPECT_EQ(AsText(found), "yte");
  EXPECT_THROW(file->ReadAt(3, found), Error);
}

TEST_F(OutputFileTest, IsAbandonedOnceItsWriterIsDead) {
  const auto file = Create();
  EXPECT_FALSE(RemoveAbandoned(*directory_, "new.tmp"));
  folder_.Write("litter.tmp", "");
  EXPECT_TRUE(RemoveAbandoned(*directory_, "litter.tmp"));
  EXPECT_FALSE(RemoveAbandoned(*directory_, "nothing.tmp"));
  EXPECT_EQ(folder_.Names(), Names{"new.tmp"});
}

// Whoever removes litter can come between a file's creation and its lock.
TEST_F(OutputFileTest, FilesThatAreMadeWhileLitterIsRemovedAreThere) {
  std::atomic<bool> is_over = false;
  std::thread sweeper([&] {
    while (!is_over) RemoveAbandoned(*directory_, "new.tmp");
  });
  for (int i = 0; i < 2000; ++i) {
    const auto file = Create();
    ASSERT_TRUE(directory_->HasFile("new.tmp")) << i;
  }
  is_over = true;
  sweeper.join();
}

}  // namespace
}  // namespace fastckpt::internal::output_file_test
