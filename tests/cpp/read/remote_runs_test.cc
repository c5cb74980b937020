#include "fastckpt/read/remote_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "testing/fake_fetcher.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::remote_runs_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RemoteRunsTest : public ::testing::Test {
 protected:
  RemoteRunsTest() {
    std::string bytes(2 << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(i % 251);
    }
    folder_.Write("f", bytes);
    file_ = std::make_unique<DataFile>(folder_.Path("f"), fetcher_);
    piece_.file = file_.get();
    piece_.offset = 2;
    piece_.size = (2 << 20) - 2;
  }

  const Folder folder_;
  const std::shared_ptr<FakeFetcher> fetcher_ = std::make_shared<FakeFetcher>();
  std::unique_ptr<DataFile> file_;
  Piece piece_;
};

TEST_F(RemoteRunsTest, RunsOfOneCallAreOneStream) {
  std::vector<std::uint8_t> to(6);
  ScatteredRuns runs(piece_, to.data(), {1, 1});
  runs.AddHits({{1 << 20, 0}, {0, 2}, {0, 4}});
  runs.AddDim(2, 1, 1);
  runs.Finish();
  CopyRuns({runs}, RunOptions());
  EXPECT_THAT(to, ElementsAre(0, 0, 0, 0, 0, 0));
  CopyRemoteRuns({runs}, RunOptions());
  const std::uint8_t far = ((1 << 20) + 2) % 251;
  EXPECT_THAT(to, ElementsAre(far, far + 1, 2, 3, 2, 3));
  const auto calls = fetcher_->TakeCalls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].requests.size(), 2u);
  EXPECT_EQ(calls[0].purpose.wanted_bytes, 4u);
}

TEST_F(RemoteRunsTest, UnitsOfTheOtherOrderAreSwapped) {
  std::vector<std::uint8_t> to(4);
  ScatteredRuns runs(piece_, to.data(), {4, 2});
  runs.AddHits({{4, 0}});
  runs.Finish();
  CopyRemoteRuns({runs}, RunOptions());
  EXPECT_THAT(to, ElementsAre(7, 6, 9, 8));
}

TEST_F(RemoteRunsTest, CheckedRunsAreOfTheBytesThatWereChecked) {
  const std::string bytes = folder_.Read("f").substr(2);
  piece_.crc32c = Crc32c(AsBytes(bytes));
  CheckState state;
  piece_.state = &state;
  constexpr std::size_t kRun =
      200'000;  // longer than what is looked at at once
  std::vector<std::uint8_t> to(3 * kRun);
  ScatteredRuns runs(piece_, to.data(), {2, 2});
  runs.AddHits({{1 << 20, 0}, {100'000, kRun}, {100'000, 2 * kRun}});
  runs.AddDim(kRun / 2, 2, 2);
  runs.Finish();
  CopyCheckedRuns({runs}, "t", RunOptions());
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t from = (i < kRun ? 1 << 20 : 100'000) + i % kRun;
    ASSERT_EQ(to[i], static_cast<std::uint8_t>(bytes[from ^ 1])) << i;
  }
  std::uint64_t asked = 0;
  for (const auto& call : fetcher_->TakeCalls()) {
    for (const RangeRequest& request : call.requests) asked += request.size;
  }
  EXPECT_EQ(asked, piece_.size);
  fetcher_->spoilt_from = 0;
  EXPECT_THAT(CorruptionOf([&] { CopyCheckedRuns({runs}, "t", RunOptions()); }),
              AllOf(HasSubstr("tensor 't'"), HasSubstr("stored checksum")));
}

TEST_F(RemoteRunsTest, NothingRemoteAsksForNothing) {
  CopyRemoteRuns({}, RunOptions());
  EXPECT_TRUE(fetcher_->TakeCalls().empty());
}

}  // namespace
}  // namespace fastckpt::internal::remote_runs_test
