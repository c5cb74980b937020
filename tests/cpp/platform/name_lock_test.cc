#include "fastckpt/platform/name_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/directory.h"
#include "testing/folder.h"

namespace fastckpt::internal::name_lock_test {
namespace {

using Names = std::set<std::string>;

class NameLockTest : public ::testing::Test {
 protected:
  std::unique_ptr<NameLock> Lock(const std::string& name = "m.lock",
                                 const Interrupt& interrupted = nullptr) const {
    return std::make_unique<NameLock>(directory_.descriptor(), name,
                                      folder_.Path(name), interrupted);
  }

  // True if somebody holds the lock.
  bool IsHeld() const {
    try {
      Lock("m.lock", [] { return true; });
      return false;
    } catch (const Interrupted&) {
      return true;
    }
  }

  const Folder folder_;
  const Directory directory_{folder_.Path("")};
};

TEST_F(NameLockTest, LeavesNoFile) {
  auto lock = Lock();
  EXPECT_TRUE(lock->is_held());
  EXPECT_EQ(folder_.Names(), Names{"m.lock"});
  EXPECT_TRUE(IsHeld());
  lock->Release();
  EXPECT_FALSE(lock->is_held());
  EXPECT_EQ(folder_.Names(), Names{});
  EXPECT_FALSE(IsHeld());
}

TEST_F(NameLockTest, OtherNamesAreNotWaitedFor) {
  const auto lock = Lock();
  EXPECT_TRUE(Lock("n.lock")->is_held());
}

TEST_F(NameLockTest, ThreadsTakeTurns) {
  int turns = 0;  // guarded by the lock
  std::atomic<int> inside = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) {
        const auto lock = Lock();
        EXPECT_EQ(++inside, 1);
        ++turns;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(turns, 400);
  EXPECT_EQ(folder_.Names(), Names{});
}

TEST_F(NameLockTest, WaitEndsWhenItIsInterrupted) {
  const auto lock = Lock();
  int asked = 0;
  EXPECT_THROW(Lock("m.lock", [&] { return ++asked == 3; }), Interrupted);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(IsHeld());
}

TEST_F(NameLockTest, WhatAKilledHolderLeftIsTakenOverAndRemoved) {
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = Lock();
    raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  ASSERT_EQ(folder_.Names(), Names{"m.lock"});
  Lock();
  EXPECT_EQ(folder_.Names(), Names{});
}

TEST_F(NameLockTest, ForkedChildDoesNotKeepWhatItsKilledParentHeld) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    const auto lock = Lock();
    if (fork() == 0) {  // lives until the test closes its end
      close(ends[1]);
      char byte;
      _exit(static_cast<int>(read(ends[0], &byte, 1)));
    }
    raise(SIGKILL);
  }
  waitpid(parent, nullptr, 0);
  // The child may be slow to let go.
  int asked = 0;
  EXPECT_NO_THROW(Lock("m.lock", [&] { return ++asked > 400; }));
  close(ends[0]);
  close(ends[1]);
}

TEST_F(NameLockTest, ForkedChildDoesNotRelease) {
  auto lock = Lock();
  const pid_t child = fork();
  if (child == 0) {
    lock.reset();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(folder_.Names(), Names{"m.lock"});
  EXPECT_TRUE(IsHeld());
}

TEST_F(NameLockTest, FileWithContentIsSomebodysAndStays) {
  folder_.Write("m.lock", "bytes");
  Lock();
  EXPECT_EQ(folder_.Read("m.lock"), "bytes");
}

TEST_F(NameLockTest, WhoWaitsForARemovedFileTriesAnew) {
  auto first = Lock();
  std::atomic<bool> has_second = false;
  std::thread waiting([&] {
    const auto second = Lock();
    has_second = true;
    EXPECT_TRUE(second->is_held());
    EXPECT_EQ(folder_.Names(), Names{"m.lock"});
  });
  first.reset();
  waiting.join();
  EXPECT_TRUE(has_second);
}

// The file that it waits for loses its name, and another holds the one that has
// it then.
TEST_F(NameLockTest, LockOfAFileThatLostItsNameIsNone) {
  auto first = Lock();
  std::unique_ptr<NameLock> other;
  int looks = 0;
  const auto second = Lock("m.lock", [&] {
    ++looks;
    if (looks == 1) {
      first.reset();
      other = Lock();
    } else {
      EXPECT_TRUE(other->is_held());
      other.reset();
    }
    return false;
  });
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(other, nullptr);
  EXPECT_TRUE(second->is_held());
  EXPECT_EQ(folder_.Names(), Names{"m.lock"});
}

TEST_F(NameLockTest, FreeLocksAreRemovedAndOthersStay) {
  folder_.Write("free.lock", "");
  folder_.Write("content.lock", "bytes");
  const auto held = Lock();
  for (const char* name : {"free.lock", "content.lock", "m.lock", "none"}) {
    RemoveFreeLock(directory_.descriptor(), name);
  }
  EXPECT_EQ(folder_.Names(), (Names{"content.lock", "m.lock"}));
  EXPECT_TRUE(IsHeld());
}

TEST_F(NameLockTest, FailureNamesTheFile) {
  std::filesystem::create_directory(folder_.Path("m.lock"));
  try {
    Lock();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.system_code(), EISDIR);
    EXPECT_EQ(error.where().path, folder_.Path("m.lock"));
  }
}

}  // namespace
}  // namespace fastckpt::internal::name_lock_test
