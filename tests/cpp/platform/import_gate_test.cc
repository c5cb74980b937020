#include "fastckpt/platform/import_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "testing/forks.h"
#include "testing/threads.h"

namespace fastckpt::internal::import_gate_test {
namespace {

// Runs work in another thread and waits for its end.
template <typename Work>
void Elsewhere(Work&& work) {
  std::thread(work).join();
}

TEST(ImportGate, ThreadsAreInsideTogether) {
  ASSERT_TRUE(ImportGate::TryEnter());
  EXPECT_TRUE(ImportGate::IsInside());
  Elsewhere([] {
    EXPECT_FALSE(ImportGate::IsInside());
    EXPECT_TRUE(ImportGate::TryEnter());
    ImportGate::Leave();
  });
  ImportGate::Leave();
  EXPECT_FALSE(ImportGate::IsInside());
}

TEST(ImportGate, ForkWaitsForOtherThreadsAndNotForItself) {
  ASSERT_TRUE(ImportGate::TryEnter());
  Elsewhere([] { EXPECT_FALSE(ImportGate::TryBeginFork()); });
  EXPECT_TRUE(ImportGate::TryBeginFork());
  ImportGate::EndForkInParent();
  ImportGate::Leave();
  Elsewhere([] {
    EXPECT_TRUE(ImportGate::TryBeginFork());
    ImportGate::EndForkInParent();
  });
}

// Else those inside, who may wait for a newcomer, would wait for the fork.
TEST(ImportGate, ForkThatStillWaitsKeepsNobodyOut) {
  ASSERT_TRUE(ImportGate::TryEnter());
  Elsewhere([] {
    EXPECT_FALSE(ImportGate::TryBeginFork());
    EXPECT_TRUE(ImportGate::TryEnter());
    ImportGate::Leave();
  });
  ImportGate::Leave();
}

TEST(ImportGate, ForkUnderWayKeepsOthersOutAndLetsItsOwnThreadIn) {
  ASSERT_TRUE(ImportGate::TryBeginFork());
  ASSERT_TRUE(ImportGate::TryBeginFork());  // in a hook of the first
  EXPECT_TRUE(ImportGate::TryEnter());
  ImportGate::Leave();
  ImportGate::EndForkInParent();
  Elsewhere([] {
    EXPECT_FALSE(ImportGate::TryEnter());
    EXPECT_FALSE(ImportGate::TryBeginFork());
    ImportGate::Enter();  // whose patience has ended
    ImportGate::Leave();
  });
  ImportGate::EndForkInParent();
  Elsewhere([] {
    EXPECT_TRUE(ImportGate::TryEnter());
    ImportGate::Leave();
  });
}

TEST(ImportGate, ForkThatNeverBeganEndsWithoutHarm) {
  ASSERT_TRUE(ImportGate::TryEnter());
  Elsewhere([] {
    EXPECT_FALSE(ImportGate::TryBeginFork());
    ImportGate::EndForkInParent();
  });
  ImportGate::Leave();
  EXPECT_TRUE(ImportGate::TryBeginFork());
  ImportGate::EndForkInParent();
}

TEST(ImportGate, ChildKnowsOnlyItsOwnEntries) {
  if (!kCanForkBesideThreads) GTEST_SKIP();
  std::atomic<bool> is_inside{false};
  std::atomic<bool> is_over{false};
  std::thread other([&] {
    ImportGate::Enter();
    is_inside = true;
    while (!is_over) std::this_thread::yield();
    ImportGate::Leave();
  });
  while (!is_inside) std::this_thread::yield();
  ImportGate::Enter();
  EXPECT_EQ(InChild([] {
              ImportGate::EndForkInChild();
              const bool can_fork = ImportGate::TryBeginFork();
              ImportGate::EndForkInParent();
              ImportGate::Leave();
              return can_fork && !ImportGate::IsInside() &&
                     ImportGate::TryBeginFork();
            }),
            0);
  ImportGate::Leave();
  is_over = true;
  other.join();
}

TEST(ImportGateConcurrency, NobodyIsInsideWhileAnotherThreadForks) {
  std::atomic<int> inside{0};
  std::atomic<int> forking{2};
  std::atomic<int> failures{0};
  RunTogether(5, [&](std::size_t i) {
    while (i >= 2 && forking > 0) {
      if (!ImportGate::TryEnter()) continue;
      ++inside;
      --inside;
      ImportGate::Leave();
      std::this_thread::yield();
    }
    for (int round = 0; i < 2 && round < 200; ++round) {
      while (!ImportGate::TryBeginFork()) std::this_thread::yield();
      failures += inside != 0;
      ImportGate::EndForkInParent();
    }
    if (i < 2) --forking;
  });
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace fastckpt::internal::import_gate_test
