#include "fastckpt/edit/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/bundle_index.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/refusal.h"
#include "testing/sources.h"

namespace fastckpt::internal::rewrite_test {
namespace {

using ::testing::HasSubstr;

const std::vector<float> kOneTwo = {1, 2};

TensorInput Tensor(const std::string& name) {
  return MakeInput(name, DType::kFloat, {2}, kOneTwo);
}

// A bundle of tensors "a" and "b", a string tensor "c" and "v" in two slices.
class RewriteTest : public ::testing::Test {
 protected:
  RewriteTest() {
    BundleWriter writer(folder_.Path("old"), {});
    writer.Add({Tensor("a"), AsSlice(Tensor("v"), {4}, {{0, 2}}),
                AsSlice(Tensor("v"), {4}, {{2, 2}}), Tensor("b"),
                MakeStrings("c", {"text"})});
    writer.Finish();
  }

  using NewNames = decltype(Changes::names);

  bool Run(const NewNames& names, const Interrupt& interrupted = nullptr) {
    return Run(Changes{names, {}}, interrupted);
  }

  bool Run(const Changes& changes, const Interrupt& interrupted = nullptr) {
    const OpenSources sources(folder_, {"old"});
    WriteOptions options;
    options.progress = &progress_;
    return Rewrite(sources.front(), folder_.Path("new"), changes, options,
                   interrupted);
  }

  std::vector<std::string> Names() const {
    const BundleIndex index(folder_.Path("new.index"), UINT64_MAX);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < index.entry_count(); ++i) {
      if (!index.entry(i).is_hidden) names.emplace_back(index.name(i));
    }
    return names;
  }

  void Damage(std::size_t offset) {
    std::string bytes = folder_.Read("old.data-00000-of-00001");
    bytes[offset] ^= 1;
    folder_.Write("old.data-00000-of-00001", bytes);
  }

  Progress progress_;
  const Folder folder_;
};

TEST_F(RewriteTest, TensorsGetTheirNewNamesAndTheOthersAreLeftOut) {
  EXPECT_TRUE(Run(NewNames{{"a", {"x"}}, {"c", {"text"}}}));
  EXPECT_EQ(Names(), (std::vector<std::string>{"text", "x"}));
}

TEST_F(RewriteTest, OneTensorMayGetSeveralNames) {
  EXPECT_TRUE(Run(NewNames{{"a", {"x", "y"}}}));
  EXPECT_EQ(Names(), (std::vector<std::string>{"x", "y"}));
}

TEST_F(RewriteTest, SlicesGoWithTheirTensor) {
  EXPECT_TRUE(Run(NewNames{{"v", {"w"}}}));
  const BundleIndex index(folder_.Path("new.index"), UINT64_MAX);
  EXPECT_EQ(index.slices(*index.Find("w")),
            (std::vector<SliceSpec>{{{0, 2}}, {{2, 2}}}));
  EXPECT_EQ(index.entry_count(), 3u);
}

TEST_F(RewriteTest, NameGivenTwiceIsRefused) {
  EXPECT_THROW(Run(NewNames{{"a", {"x"}}, {"b", {"x"}}}), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("new.index")));
}

TEST_F(RewriteTest, NoNamesLeaveAnEmptyBundle) {
  EXPECT_TRUE(Run(NewNames{}));
  EXPECT_TRUE(Names().empty());
}

TEST_F(RewriteTest, BytesThatWerePassedOnAreTold) {
  EXPECT_TRUE(Run(NewNames{{"a", {"a", "again"}}, {"v", {"v"}}}));
  EXPECT_EQ(progress_.done, 32U);
  EXPECT_EQ(progress_.total, 32U);
}

TEST_F(RewriteTest, InterruptAfterABatchEndsTheWorkWithoutACheckpoint) {
  EXPECT_FALSE(Run(NewNames{{"a", {"a"}}}, [] { return true; }));
  EXPECT_EQ(progress_.done, 8U);
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("new.index")));
}

TEST_F(RewriteTest, DamageIsToldOfTheFileAndTheOldName) {
  Damage(1);
  try {
    Run(NewNames{{"a", {"x"}}});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    EXPECT_EQ(error.where().path, folder_.Path("old.data-00000-of-00001"));
    EXPECT_EQ(error.where().tensor, "a");
    EXPECT_EQ(error.where().offset, 0u);
    EXPECT_THAT(error.what(), HasSubstr("stored checksum"));
  }
}

TEST_F(RewriteTest, DamageInWhatIsLeftOutDoesNoHarm) {
  Damage(1);
  EXPECT_TRUE(Run(NewNames{{"b", {"b"}}}));
}

TEST_F(RewriteTest, NameThatIsNotThereIsNotFound) {
  EXPECT_THAT(Refusal(ErrorKind::kNotFound,
                      [&] {
                        Run(NewNames{{"a", {"a"}}, {"z", {"z"}}});
                      }),
              HasSubstr("tensor 'z': no tensor of this name"));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("new.index")));
}

TEST_F(RewriteTest, ValuesTakeThePlaceOfWhatIsStored) {
  Changes changes;
  changes.names = {{"a", {"a"}}, {"b", {"b"}}, {"c", {"d"}}, {"v", {"v"}}};
  changes.values = {{"c", MakeStrings("c", {"longer", "text"})},
                    {"v", Tensor("v")}};
  EXPECT_TRUE(Run(changes));
  EXPECT_EQ(Names(), (std::vector<std::string>{"a", "b", "d", "v"}));
  const BundleSource found(folder_.Path("new"), IoMode::kRead, UINT64_MAX);
  SeenFiles seen;
  std::vector<StringPiece> pieces;
  found.AppendStrings(*found.Find("d"), CheckRule::kAlways, &seen, &pieces);
  EXPECT_EQ(AsText(pieces[0].bytes), "longertext");
  EXPECT_TRUE(found.Slices(*found.Find("v")).empty());
  // 8 bytes of "a", "b" and "v"; of "d" its letters, their lengths, a checksum.
  EXPECT_EQ(progress_.done, 24U + 10 + 2 + 4);
  EXPECT_EQ(progress_.total, progress_.done);
}

TEST_F(RewriteTest, ValuesOfWhatIsLeftOutAreRefused) {
  Changes changes;
  changes.names = {{"a", {"a"}}};
  changes.values = {{"b", Tensor("b")}};
  EXPECT_THAT(Refusal(ErrorKind::kInvalid, [&] { Run(changes); }),
              HasSubstr("tensor 'b': values are given"));
}

}  // namespace
}  // namespace fastckpt::internal::rewrite_test
