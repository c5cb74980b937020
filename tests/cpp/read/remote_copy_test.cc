#include "fastckpt/read/remote_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/read/checkpoint_reader.h"
#include "testing/bundles.h"
#include "testing/fake_fetcher.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::remote_copy_test {
namespace {

using ::testing::HasSubstr;
using EntryMap = std::map<std::string, BundleEntry>;

// A bundle of tensors of many sizes, here and elsewhere.
class RemoteCopyTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  RemoteCopyTest() {
    std::mt19937 random(3);
    EntryMap entries;
    for (const std::int64_t count : {0, 1, 250'000, 7, 5'000'000, 100'000}) {
      std::string bytes(static_cast<std::size_t>(count) * 4, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      const std::string name = "w" + std::to_string(count);
      entries[name] = MakeEntry(DType::kFloat, {count},
                                static_cast<std::int64_t>(data_.size()), bytes);
      data_ += bytes;
    }
    WriteBundle(folder_, "m", entries, data_);
    here_ = CheckpointReader::OpenBundle(folder_.Path("m"), IoMode::kRead,
                                         Checking::kOnce, UINT64_MAX);
    there_ = CheckpointReader::OpenRemoteBundle(folder_.Path("m"), fetcher_,
                                                Checking::kWhole, UINT64_MAX);
    fetcher_->TakeCalls();
  }

  RunOptions Options() const {
    RunOptions options;
    options.threads = GetParam();
    return options;
  }

  static std::vector<std::size_t> Slots(const CheckpointReader& reader) {
    std::vector<std::size_t> slots(reader.source().slot_count());
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = i;
    return slots;
  }

  static std::string TextOf(const ArrayBytes& array) {
    return {reinterpret_cast<const char*>(array.data), array.size};
  }

  const Folder folder_;
  std::string data_;
  const std::shared_ptr<FakeFetcher> fetcher_ = std::make_shared<FakeFetcher>();
  std::unique_ptr<CheckpointReader> here_;
  std::unique_ptr<CheckpointReader> there_;
};

INSTANTIATE_TEST_SUITE_P(Threads, RemoteCopyTest, ::testing::Values(1, 4));

TEST_P(RemoteCopyTest, AllTensorsAreWhatTheyAreHere) {
  const auto slots = Slots(*there_);
  const auto here = here_->Copy(slots, Options());
  const auto there = there_->Copy(slots, Options());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    EXPECT_EQ(TextOf(here[i]), TextOf(there[i])) << i;
  }
  const auto calls = fetcher_->TakeCalls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].purpose.wanted_bytes, data_.size());
  EXPECT_FALSE(calls[0].purpose.is_unchecked);
}

TEST_P(RemoteCopyTest, PartIsAllThatIsFetched) {
  const auto slot = *there_->source().Find("w5000000");
  const Region region = {{1000, 50, 1}};
  const ArrayBytes part = there_->CopyRegion(slot, region, {4}, Options());
  const ArrayBytes same = here_->CopyRegion(slot, region, {4}, Options());
  EXPECT_EQ(TextOf(part), TextOf(same));
  const auto calls = fetcher_->TakeCalls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].purpose.wanted_bytes, 200u);
  EXPECT_TRUE(calls[0].purpose.is_unchecked);
}

TEST_P(RemoteCopyTest, DamageIsFoundAndNamed) {
  data_[data_.size() - 1] ^= 1;
  folder_.Write("m.data-00000-of-00001", data_);
  EXPECT_THAT(Refusal(ErrorKind::kCorruption,
                      [&] { there_->Copy(Slots(*there_), Options()); }),
              AllOf(HasSubstr("'w100000'"), HasSubstr("stored checksum")));
  const VerifyResult report = there_->Verify(Options());
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_THAT(report.problems[0].what(), HasSubstr("'w100000'"));
}

TEST_P(RemoteCopyTest, RequestThatFailsNamesItsTensors) {
  fetcher_->broken_offset = 0;
  EXPECT_THAT(Refusal(ErrorKind::kSystem,
                      [&] { there_->Copy(Slots(*there_), Options()); }),
              HasSubstr("the server failed"));
  EXPECT_FALSE(there_->Verify(Options()).problems.empty());
}

TEST_P(RemoteCopyTest, ReplacedObjectIsAnErrorThoughAllIsRight) {
  fetcher_->at_finish = Error(ErrorKind::kCorruption, "it was replaced");
  EXPECT_THAT(Refusal(ErrorKind::kCorruption,
                      [&] { there_->Copy(Slots(*there_), Options()); }),
              HasSubstr("it was replaced"));
}

TEST_P(RemoteCopyTest, CallThatIsInterruptedEnds) {
  RunOptions options = Options();
  options.interrupted = [] { return true; };
  EXPECT_THROW(there_->Copy(Slots(*there_), options), Interrupted);
}

}  // namespace
}  // namespace fastckpt::internal::remote_copy_test
