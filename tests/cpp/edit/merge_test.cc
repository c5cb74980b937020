#include "fastckpt/edit/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "fastckpt/base/error.h"
#include "fastckpt/edit/rewrite.h"
#include "fastckpt/v2/bundle_index.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/sources.h"

namespace fastckpt::internal::merge_test {
namespace {

using ::testing::HasSubstr;

using Names = std::vector<std::string>;

const std::vector<float> kOneTwo = {1, 2};

// Both ways to make one bundle of several must refuse and accept the same.
class BundleMergeTest : public ::testing::TestWithParam<std::int32_t> {
 protected:
  void Write(const std::string& name, const std::vector<TensorInput>& inputs) {
    BundleWriter writer(folder_.Path(name), {});
    writer.Add(inputs);
    writer.Finish();
  }

  void Merge(const Sources& sources) {
    WriteOptions options;
    options.shards = GetParam();
    if (GetParam() == 0) {
      MergeBundles(sources, folder_.Path("merged"), options);
    } else {
      EXPECT_TRUE(Reshard(sources, folder_.Path("merged"), options, nullptr));
    }
  }

  void Merge(const std::vector<std::string>& names) {
    Merge(OpenSources(folder_, names).all());
  }

  template <typename Some>
  Error ErrorOf(const Some& sources) {
    try {
      Merge(sources);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(ErrorKind::kInvalid, "");
  }

  const Folder folder_;
};

TensorInput Tensor(const std::string& name) {
  return MakeInput(name, DType::kFloat, {2}, kOneTwo);
}

TensorInput Part(std::int64_t begin) {
  return AsSlice(Tensor("v"), {4}, {{begin, 2}});
}

TEST_P(BundleMergeTest, TensorsAndSlicesOfAllSourcesAreThere) {
  Write("one", {Tensor("b"), Part(2)});
  Write("two", {MakeStrings("a", {"text"}), Part(0)});
  Merge(Names{"one", "two"});
  const BundleIndex index(folder_.Path("merged.index"), UINT64_MAX);
  EXPECT_EQ(index.tensor_count(), 3u);
  EXPECT_EQ(index.slices(*index.Find("v")),
            (std::vector<SliceSpec>{{{2, 2}}, {{0, 2}}}));
  EXPECT_EQ(index.header().num_shards, 2);
}

TEST_P(BundleMergeTest, TensorInTwoSourcesIsRefusedAndBothAreNamed) {
  Write("one", {Tensor("a")});
  Write("two", {Tensor("b")});
  Write("three", {Tensor("a")});
  const Error error = ErrorOf(Names{"one", "two", "three"});
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("three.index: tensor 'a'"));
  EXPECT_THAT(error.what(), HasSubstr("it is in '" + folder_.Path("one.index") +
                                      "' and '" + folder_.Path("three.index")));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("merged.index")));
}

TEST_P(BundleMergeTest, SourceThatIsMissingIsNamed) {
  Write("one", {Tensor("a")});
  const Error error = ErrorOf(Names{"one", "two"});
  EXPECT_EQ(error.system_code(), ENOENT);
  EXPECT_EQ(error.where().path, folder_.Path("two.index"));
}

TEST_P(BundleMergeTest, DataFileThatIsMissingIsNamed) {
  Write("one", {Tensor("a")});
  std::filesystem::remove(folder_.Path("one.data-00000-of-00001"));
  EXPECT_EQ(ErrorOf(Names{"one"}).where().path,
            folder_.Path("one.data-00000-of-00001"));
}

TEST_P(BundleMergeTest, DataFileThatIsCutIsFound) {
  Write("one", {Tensor("a")});
  std::filesystem::resize_file(folder_.Path("one.data-00000-of-00001"), 7);
  EXPECT_EQ(ErrorOf(Names{"one"}).kind(), ErrorKind::kCorruption);
}

TEST_P(BundleMergeTest, DestinationMayBeASource) {
  Write("merged", {Tensor("a")});
  Write("one", {Tensor("b")});
  Merge(Names{"merged", "one"});
  const BundleIndex index(folder_.Path("merged.index"), UINT64_MAX);
  EXPECT_EQ(index.tensor_count(), 2u);
  EXPECT_EQ(folder_.Names().size(), 5u);
}

TEST_P(BundleMergeTest, NoSourceIsRefused) {
  EXPECT_EQ(ErrorOf(Names{}).kind(), ErrorKind::kInvalid);
}

TEST_P(BundleMergeTest, DataFileReplacedUnderItsIndexIsCorruptOrAnother) {
  Write("one", {Tensor("a")});
  const OpenSources sources(folder_, {"one"});
  std::filesystem::remove(folder_.Path("one.data-00000-of-00001"));
  folder_.Write("one.data-00000-of-00001", "short");
  EXPECT_EQ(ErrorOf(sources.all()).kind(), ErrorKind::kCorruption);
}

INSTANTIATE_TEST_SUITE_P(All, BundleMergeTest, ::testing::Values(0, 2),
                         [](const auto& test) {
                           return test.param == 0 ? "Merge" : "Reshard";
                         });

TEST(MergeBundles, SourceWithoutTensorsDoesNotUpsetTheNumbers) {
  const Folder folder;
  BundleWriter(folder.Path("empty"), {}).Finish();
  BundleWriter writer(folder.Path("one"), {});
  writer.Add({Tensor("a")});
  writer.Finish();
  const OpenSources sources(folder, {"empty", "one"});
  MergeBundles(sources.all(), folder.Path("merged"), {});
  const BundleIndex index(folder.Path("merged.index"), UINT64_MAX);
  EXPECT_EQ(index.header().num_shards, 1);
  EXPECT_TRUE(
      std::filesystem::exists(folder.Path("merged.data-00000-of-00001")));
}

// Both ways must refuse a source that is no longer what was opened.
TEST_P(BundleMergeTest, SourceReplacedAfterItWasOpenedIsCorrupt) {
  Write("one", {Tensor("a"), Tensor("b")});
  Write("two", {Tensor("c")});
  const OpenSources sources(folder_, {"one", "two"});
  Write("two", {Tensor("b"), Tensor("c")});
  const Error error = ErrorOf(sources.all());
  EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
  EXPECT_EQ(error.where().path, folder_.Path("two.index"));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("merged.index")));
}

TEST(MergeBundles, DataFilesAreLinkedNotCopied) {
  const Folder folder;
  BundleWriter writer(folder.Path("one"), {});
  writer.Add({Tensor("a")});
  writer.Finish();
  const OpenSources sources(folder, {"one"});
  MergeBundles(sources.all(), folder.Path("merged"), {});
  EXPECT_EQ(std::filesystem::hard_link_count(
                folder.Path("merged.data-00000-of-00001")),
            2u);
}

TEST(Reshard, DamagedDataAreFoundByTheirChecksum) {
  const Folder folder;
  for (const TensorInput& input : {Tensor("a"), MakeStrings("a", {"text"})}) {
    BundleWriter writer(folder.Path("one"), {});
    writer.Add({input});
    writer.Finish();
    std::string bytes = folder.Read("one.data-00000-of-00001");
    bytes.back() ^= 1;
    folder.Write("one.data-00000-of-00001", bytes);
    try {
      const OpenSources sources(folder, {"one"});
      Reshard(sources.all(), folder.Path("merged"), {}, nullptr);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
      EXPECT_THAT(error.what(),
                  HasSubstr("one.data-00000-of-00001: tensor 'a'"));
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::merge_test
