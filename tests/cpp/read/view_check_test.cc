#include "fastckpt/read/view_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "fastckpt/read/bundle_source.h"
#include "testing/bundles.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::view_check_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kData = "0123456789abcdefghijklmn";  // 24 bytes

// Views of "a", "b" and "c", of 8 bytes each.
class ViewCheckTest : public ::testing::Test {
 protected:
  ViewCheckTest() {
    for (std::size_t slot = 0; slot < source_.slot_count(); ++slot) {
      SeenFiles seen;
      source_.AppendPieces(slot, nullptr, CheckRule::kOnce, &seen,
                           &views_.pieces);
      views_.slots.push_back(slot);
    }
  }

  static const Folder& Written(const Folder& folder) {
    const auto entry = [](std::size_t offset) {
      return MakeEntry(DType::kInt32, {2}, static_cast<std::int64_t>(offset),
                       kData.substr(offset, 8));
    };
    WriteBundle(folder, "m",
                {{"a", entry(0)}, {"b", entry(8)}, {"c", entry(16)}}, kData);
    return folder;
  }

  // Changes a byte of "b" in the mapped file.
  void Damage() const {
    std::fstream file(folder_.Path("m.data-00000-of-00001"),
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(12);
    file.put('\x55');
  }

  CheckState& State(std::size_t i) const { return *views_.pieces[i].state; }
  FileStamp Stamp(std::size_t i) const { return views_.pieces[i].stamp; }

  std::vector<bool> AreDone() const {
    return {State(0).IsDone(Stamp(0)), State(1).IsDone(Stamp(1)),
            State(2).IsDone(Stamp(2))};
  }

  bool Check(bool may_wait) const {
    return CheckViews(source_, views_, RunOptions(), may_wait);
  }

  const Folder folder_;
  const BundleSource source_{Written(folder_).Path("m"), IoMode::kMap,
                             UINT64_MAX};
  UncheckedViews views_;
};

TEST_F(ViewCheckTest, SoundViewsAreMarkedAsRight) {
  EXPECT_THAT(AreDone(), ElementsAre(false, false, false));
  EXPECT_TRUE(Check(/*may_wait=*/false));
  EXPECT_THAT(AreDone(), ElementsAre(true, true, true));
  EXPECT_TRUE(CheckViews(source_, {}, RunOptions(), false));
}

TEST_F(ViewCheckTest, ViewThatWasRightIsNotCheckedAgain) {
  EXPECT_TRUE(Check(false));
  Damage();
  EXPECT_TRUE(Check(false));
}

TEST_F(ViewCheckTest, WrongViewIsNamedAndNoClaimIsLeftBehind) {
  Damage();
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(CorruptionOf([&] { Check(true); }), HasSubstr("tensor 'b'"));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(State(i).TryClaim(Stamp(i)), CheckState::Claim::kMine);
      State(i).Finish(false, Stamp(i));
    }
  }
}

TEST_F(ViewCheckTest, WhoMayNotWaitIsTurnedAwayAfterCheckingTheRest) {
  ASSERT_EQ(State(1).TryClaim(Stamp(1)), CheckState::Claim::kMine);
  EXPECT_FALSE(Check(/*may_wait=*/false));
  EXPECT_THAT(AreDone(), ElementsAre(true, false, true));
  State(1).Finish(true, Stamp(1));
  EXPECT_TRUE(Check(false));
}

// The waiter would find "b" wrong if it looked.
TEST_F(ViewCheckTest, WhoWaitsTrustsTheOtherCheck) {
  ASSERT_EQ(State(1).TryClaim(Stamp(1)), CheckState::Claim::kMine);
  Damage();
  std::thread other([&] {
    while (!State(0).IsDone(Stamp(0))) std::this_thread::yield();
    State(1).Finish(true, Stamp(1));
  });
  EXPECT_TRUE(Check(/*may_wait=*/true));
  other.join();
  EXPECT_THAT(AreDone(), ElementsAre(true, true, true));
}

TEST_F(ViewCheckTest, WhoWaitsTakesOverACheckThatFailed) {
  ASSERT_EQ(State(1).TryClaim(Stamp(1)), CheckState::Claim::kMine);
  std::thread other([&] {
    while (!State(0).IsDone(Stamp(0))) std::this_thread::yield();
    State(1).Finish(false, Stamp(1));
  });
  EXPECT_TRUE(Check(/*may_wait=*/true));
  other.join();
  EXPECT_THAT(AreDone(), ElementsAre(true, true, true));
}

TEST_F(ViewCheckTest, WhoWaitsCanBeInterrupted) {
  ASSERT_EQ(State(1).TryClaim(Stamp(1)), CheckState::Claim::kMine);
  RunOptions options;
  options.interrupted = [] { return true; };
  EXPECT_THROW(CheckViews(source_, views_, options, true), Interrupted);
  State(1).Finish(true, Stamp(1));
  EXPECT_TRUE(Check(true));
}

// A signal handler that runs within a check may want what that has claimed.
TEST_F(ViewCheckTest, CallFromWithinACheckDoesNotWaitForThatCheck) {
  Damage();
  UncheckedViews sound;
  sound.pieces = {views_.pieces[0], views_.pieces[2]};
  sound.slots = {views_.slots[0], views_.slots[2]};
  int nested = 0;
  RunOptions options;
  options.on_error = [&](std::size_t, const Error&) {
    nested += CheckViews(source_, sound, RunOptions(), /*may_wait=*/true);
    EXPECT_THAT(CorruptionOf([&] { Check(true); }), HasSubstr("tensor 'b'"));
  };
  CheckViews(source_, views_, options, true);
  EXPECT_EQ(nested, 1);
}

}  // namespace
}  // namespace fastckpt::internal::view_check_test
