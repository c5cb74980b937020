#include "fastckpt/edit/dealer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/refusal.h"
#include "testing/sources.h"

namespace fastckpt::internal::dealer_test {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kCount = 10'000'000;

// Two tensors that do not go in one batch, each in a shard of its own.
class DealerTest : public ::testing::TestWithParam<IoMode> {
 protected:
  DealerTest() : values_(kCount) {
    for (std::size_t i = 0; i < kCount; ++i) {
      values_[i] = static_cast<std::int64_t>(i);
    }
    WriteOld();
  }

  void WriteOld() {
    WriteOptions options;
    options.shards = 2;
    options.sync = false;
    BundleWriter writer(folder_.Path("old"), options);
    writer.Add({Tensor("a")});
    writer.Add({Tensor("b")});
    writer.Finish();
  }

  TensorInput Tensor(const std::string& name) const {
    return MakeInput(name, DType::kInt64, {kCount}, values_);
  }

  // Deals; `meanwhile` happens after the first batch.
  void Deal(const std::function<void()>& meanwhile) {
    const OpenSources sources(folder_, {"old"}, GetParam());
    WriteOptions options;
    options.sync = false;
    Progress progress;
    options.progress = &progress;
    BundleWriter writer(folder_.Path("new"), options);
    bool has_happened = false;
    const Interrupt never = [&] {
      if (progress.done >= kCount * 8 && !has_happened) {
        has_happened = true;
        meanwhile();
      }
      return false;
    };
    EXPECT_TRUE(Dealer(sources.front(), nullptr, &writer, never).Run());
    writer.Finish();
  }

  const Folder folder_;
  std::vector<std::int64_t> values_;
};

TEST_P(DealerTest, FileThatIsCutMeanwhileIsCorruptAndNoSignal) {
  const std::string shard = "old.data-00001-of-00002";
  const std::string refusal = CorruptionOf([&] {
    Deal([&] { std::filesystem::resize_file(folder_.Path(shard), 4096); });
  });
  EXPECT_THAT(refusal, HasSubstr(shard + ": tensor 'b'"));
}

TEST_P(DealerTest, SourceThatIsReplacedMeanwhileIsCorrupt) {
  EXPECT_THAT(CorruptionOf([&] { Deal([&] { WriteOld(); }); }),
              HasSubstr("old.index: "));
}

TEST_P(DealerTest, FileThatIsGoneMeanwhileIsNotThere) {
  const std::string shard = "old.data-00001-of-00002";
  EXPECT_THAT(SystemErrorOf([&] {
                Deal([&] { std::filesystem::remove(folder_.Path(shard)); });
              }),
              HasSubstr(shard));
}

INSTANTIATE_TEST_SUITE_P(All, DealerTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead),
                         [](const auto& test) {
                           return test.param == IoMode::kMap ? "Map" : "Read";
                         });

}  // namespace
}  // namespace fastckpt::internal::dealer_test
