#include "fastckpt/read/remote_v1.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fastckpt/read/checkpoint_reader.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/fake_fetcher.h"
#include "testing/folder.h"
#include "testing/inputs.h"

namespace fastckpt::internal::remote_v1_test {
namespace {

class RemoteV1Test : public ::testing::Test {
 protected:
  RemoteV1Test() {
    for (std::size_t i = 0; i < many_.size(); ++i) {
      many_[i] = static_cast<float>(i);
    }
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    writer.Add({MakeInput("f", DType::kFloat, {100'000}, many_),
                MakeInput("i", DType::kInt32, {2}, ints_),
                MakeStrings("s", {"ab", "", "xyz"})});
    writer.Finish();
    here_ = CheckpointReader::OpenV1({folder_.Path("m")}, IoMode::kRead,
                                     Checking::kOnce);
    there_ = CheckpointReader::OpenRemoteV1({folder_.Path("m")}, fetcher_,
                                            Checking::kWhole);
  }

  static std::string TextOf(const ArrayBytes& array) {
    return {reinterpret_cast<const char*>(array.data), array.size};
  }

  const Folder folder_;
  std::vector<float> many_ = std::vector<float>(100'000);
  const std::vector<std::int32_t> ints_ = {1, -1};
  const std::shared_ptr<FakeFetcher> fetcher_ = std::make_shared<FakeFetcher>();
  std::unique_ptr<CheckpointReader> here_;
  std::unique_ptr<CheckpointReader> there_;
};

TEST_F(RemoteV1Test, EndsOfAFileAreFetchedAtOnce) {
  const auto calls = fetcher_->TakeCalls();
  // And the rest of the first block, which is longer.
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].requests.size(), 2u);
  EXPECT_EQ(calls[1].requests.size(), 1u);
  EXPECT_EQ(there_->source().tensor_count(), 3u);
}

TEST_F(RemoteV1Test, TensorsAreWhatTheyAreHereEachBlockFetchedOnce) {
  fetcher_->TakeCalls();
  const std::vector<std::size_t> slots = {*there_->source().Find("f"),
                                          *there_->source().Find("i")};
  const auto here = here_->Copy(slots, RunOptions());
  const auto there = there_->Copy(slots, RunOptions());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    EXPECT_EQ(TextOf(here[i]), TextOf(there[i]));
  }
  std::uint64_t fetched = 0;
  for (const auto& call : fetcher_->TakeCalls()) {
    for (const RangeRequest& request : call.requests) fetched += request.size;
  }
  EXPECT_LT(fetched, 420'000u);
}

TEST_F(RemoteV1Test, StringsAndVerifyWorkAsHere) {
  const auto slot = *there_->source().Find("s");
  const auto pieces = there_->Strings(slot, CheckRule::kWhole);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(AsText(pieces[0].bytes), "abxyz");
  const VerifyResult report = there_->Verify(RunOptions());
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(report.bytes_checked, here_->Verify(RunOptions()).bytes_checked);
}

}  // namespace
}  // namespace fastckpt::internal::remote_v1_test
