#include "fastckpt/read/check_state.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "testing/threads.h"

namespace fastckpt::internal::check_state_test {
namespace {

using Claim = CheckState::Claim;

constexpr FileStamp kStamp = 1'700'000'000'123'456'789;

TEST(CheckState, FirstClaimsAndOthersAreTurnedAway) {
  CheckState state;
  EXPECT_FALSE(state.IsDone(kStamp));
  EXPECT_EQ(state.TryClaim(kStamp), Claim::kMine);
  EXPECT_EQ(state.TryClaim(kStamp), Claim::kBusy);
  EXPECT_FALSE(state.IsDone(kStamp));
  state.Finish(true, kStamp);
  EXPECT_TRUE(state.IsDone(kStamp));
  EXPECT_EQ(state.TryClaim(kStamp), Claim::kDone);
}

TEST(CheckState, PieceThatWasWrongCanBeClaimedAgain) {
  CheckState state;
  ASSERT_EQ(state.TryClaim(kStamp), Claim::kMine);
  state.Finish(false, kStamp);
  EXPECT_FALSE(state.IsDone(kStamp));
  EXPECT_EQ(state.TryClaim(kStamp), Claim::kMine);
}

TEST(CheckState, WhatWasRightIsTakenBackWhereItIsFoundWrong) {
  CheckState state;
  state.Finish(true, kStamp);
  state.FoundWrong(kStamp + 1);
  EXPECT_TRUE(state.IsDone(kStamp));
  state.FoundWrong(kStamp);
  ASSERT_EQ(state.TryClaim(kStamp), Claim::kMine);
  state.FoundWrong(kStamp);
  EXPECT_EQ(state.TryClaim(kStamp), Claim::kBusy);
}

TEST(CheckState, NoteSaysHowACheckEnded) {
  CheckState state;
  EXPECT_EQ(state.Note(kStamp, [] { return 3; }), 3);
  EXPECT_TRUE(state.IsDone(kStamp));
  const auto fail = []() -> int { throw std::runtime_error("damage"); };
  EXPECT_THROW(state.Note(kStamp, fail), std::runtime_error);
  EXPECT_FALSE(state.IsDone(kStamp));
}

TEST(CheckState, WhatWasRightOfAnotherStampIsCheckedAgain) {
  CheckState state;
  state.Finish(true, kStamp);
  EXPECT_TRUE(state.IsDone(kStamp));
  EXPECT_FALSE(state.IsDone(kStamp + 1));
  EXPECT_EQ(state.TryClaim(kStamp + 1), Claim::kMine);
  EXPECT_EQ(state.TryClaim(kStamp), Claim::kBusy);
  state.Finish(true, kStamp + 1);
  EXPECT_EQ(state.TryClaim(kStamp + 1), Claim::kDone);
  EXPECT_FALSE(state.IsDone(kStamp));
}

TEST(CheckState, WaitReturnsAtOnceWhereNobodyChecks) {
  CheckState state;
  state.Wait();
  ASSERT_EQ(state.TryClaim(kStamp), Claim::kMine);
  state.Finish(true, kStamp);
  state.Wait();
}

// Takes the state through claims until it is done; gives the number of checks
// that this thread made. The first `failures` checks of all find it wrong.
int Check(CheckState* state, std::atomic<int>* failures) {
  int checks = 0;
  while (true) {
    switch (state->TryClaim(kStamp)) {
      case Claim::kDone:
        return checks;
      case Claim::kBusy:
        state->Wait();
        break;
      case Claim::kMine:
        ++checks;
        state->Finish(failures->fetch_sub(1) <= 0, kStamp);
    }
  }
}

TEST(CheckState, ManyThreadsMakeOneCheck) {
  for (int round = 0; round < 200; ++round) {
    CheckState state;
    std::atomic<int> failures{0};
    std::atomic<int> checks{0};
    RunTogether(8, [&](std::size_t) { checks += Check(&state, &failures); });
    EXPECT_EQ(checks, 1);
  }
}

TEST(CheckState, WaitersOfAFailedCheckTakeItOverOneByOne) {
  for (int round = 0; round < 200; ++round) {
    CheckState state;
    std::atomic<int> failures{3};
    std::atomic<int> checks{0};
    RunTogether(8, [&](std::size_t) { checks += Check(&state, &failures); });
    EXPECT_EQ(checks, 4);
    EXPECT_TRUE(state.IsDone(kStamp));
  }
}

// What one thread wrote before Finish others see after IsDone.
TEST(CheckState, FinishedCheckPublishesWhatCameBefore) {
  for (int round = 0; round < 200; ++round) {
    CheckState state;
    int value = 0;
    RunTogether(4, [&](std::size_t i) {
      if (i == 0) {
        ASSERT_EQ(state.TryClaim(kStamp), Claim::kMine);
        value = 42;
        state.Finish(true, kStamp);
        return;
      }
      while (!state.IsDone(kStamp)) std::this_thread::yield();
      EXPECT_EQ(value, 42);
    });
  }
}

// The claim belongs to a thread that the child does not have.
TEST(CheckState, ChildTakesOverTheClaimOfItsParent) {
  CheckState state;
  ASSERT_EQ(state.TryClaim(kStamp), Claim::kMine);
  const pid_t child = fork();
  if (child == 0) {
    state.Wait();
    const bool is_mine = state.TryClaim(kStamp) == Claim::kMine;
    state.Finish(true, kStamp);
    _exit(is_mine && state.IsDone(kStamp) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(state.TryClaim(kStamp), Claim::kBusy);
  state.Finish(true, kStamp);
}

TEST(CheckState, FinishedCheckStaysFinishedInTheChild) {
  CheckState state;
  ASSERT_EQ(state.TryClaim(kStamp), Claim::kMine);
  state.Finish(true, kStamp);
  const pid_t child = fork();
  if (child == 0) _exit(state.TryClaim(kStamp) == Claim::kDone ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace fastckpt::internal::check_state_test
