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

namespace fastckpt::internal {
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

  bool Run(const NewNames& names,
           const std::function<void(std::uint64_t)>& passed_on = nullptr) {
    return Run(Changes{names, {}}, passed_on);
  }

  bool Run(const Changes& changes,
           const std::function<void(std::uint64_t)>& passed_on = nullptr) {
    const OpenSources sources(folder_, {"old"});
    return Rewrite(sources.front(), folder_.Path("new"), changes, {}, nullptr,
                   passed_on);
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
  std::vector<std::uint64_t> told;
  EXPECT_TRUE(Run(NewNames{{"a", {"a"}}, {"v", {"v"}}},
                  [&](std::uint64_t done) { told.push_back(done); }));
  EXPECT_EQ(told, (std::vector<std::uint64_t>{24}));
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
  std::vector<std::uint64_t> told;
  EXPECT_TRUE(Run(changes, [&](std::uint64_t done) { told.push_back(done); }));
  EXPECT_EQ(Names(), (std::vector<std::string>{"a", "b", "d", "v"}));
  const BundleSource found(folder_.Path("new"), IoMode::kRead, UINT64_MAX);
  SeenFiles seen;
  std::vector<StringPiece> pieces;
  found.AppendStrings(*found.Find("d"), true, &seen, &pieces);
  EXPECT_EQ(AsText(pieces[0].bytes), "longertext");
  EXPECT_TRUE(found.Slices(*found.Find("v")).empty());
  // What was stored counts: 8 bytes of "a" and of "b", 9 of "c", 16 of "v".
  EXPECT_EQ(told, (std::vector<std::uint64_t>{41}));
}

TEST_F(RewriteTest, ValuesOfWhatIsLeftOutAreRefused) {
  Changes changes;
  changes.names = {{"a", {"a"}}};
  changes.values = {{"b", Tensor("b")}};
  EXPECT_THAT(Refusal(ErrorKind::kInvalid, [&] { Run(changes); }),
              HasSubstr("tensor 'b': values are given"));
}

}  // namespace
}  // namespace fastckpt::internal
