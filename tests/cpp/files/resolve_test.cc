#include "fastckpt/files/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/refusal.h"

namespace fastckpt::internal::resolve_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ResolveTest : public ::testing::Test {
 protected:
  void WriteV2(const std::string& name) {
    BundleWriter writer(folder_.Path(name), {});
    writer.Add({MakeInput("w", DType::kFloat, {2}, values_)});
    writer.Finish();
  }

  void WriteV1(const std::string& name) {
    V1Writer writer(folder_.Path(name), /*sync=*/false);
    writer.Add({MakeInput("w", DType::kFloat, {2}, values_)});
    writer.Finish();
  }

  // The prefix that a name of the folder leads to, without the folder.
  std::string PrefixOf(const std::string& name) {
    const std::string prefix = ResolveCheckpoint(folder_.Path(name)).prefix;
    return prefix.substr(folder_.Path("").size());
  }

  std::string RefusalOf(const std::string& name) {
    return SystemErrorOf([&] { ResolveCheckpoint(folder_.Path(name)); });
  }

  Folder folder_;
  std::vector<float> values_ = {1, 2};
};

TEST_F(ResolveTest, EachFileOfACheckpointStandsForTheWhole) {
  WriteV2("m.ckpt-2");
  folder_.Write("m.ckpt-2.meta", "graph");
  for (const std::string ending :
       {"", ".index", ".data-00000-of-00001", ".meta"}) {
    EXPECT_EQ(PrefixOf("m.ckpt-2" + ending), "m.ckpt-2");
  }
}

TEST_F(ResolveTest, TheLiteralNameComesFirst) {
  WriteV2("m");
  WriteV2("m.index");
  EXPECT_EQ(PrefixOf("m.index"), "m.index");
}

TEST_F(ResolveTest, TheStateFileNamesTheCheckpoint) {
  WriteV2("m-1");
  WriteV2("m-2");
  folder_.Write("checkpoint", "model_checkpoint_path: \"m-1\"\n");
  EXPECT_EQ(PrefixOf("checkpoint"), "m-1");
  EXPECT_EQ(PrefixOf(""), "m-1");
}

TEST_F(ResolveTest, AFolderThatWasMovedStillWorks) {
  WriteV2("m-1");
  folder_.Write("checkpoint",
                "model_checkpoint_path: \"/gone/with/the/wind/m-1\"\n");
  EXPECT_EQ(PrefixOf(""), "m-1");
}

TEST_F(ResolveTest, AStateFileThatPointsAtNothingIsToldSo) {
  folder_.Write("checkpoint", "model_checkpoint_path: \"m-1\"\n");
  EXPECT_THAT(RefusalOf(""), HasSubstr("names a checkpoint that is not there"));
}

TEST_F(ResolveTest, ADamagedStateFileIsCorruption) {
  WriteV2("m-1");
  folder_.Write("checkpoint", "model_checkpoint_path \"m-1\"\n");
  EXPECT_THAT(CorruptionOf([&] { ResolveCheckpoint(folder_.Path("")); }),
              HasSubstr("expected ':'"));
}

TEST_F(ResolveTest, AFolderMayHoldASingleCheckpoint) {
  WriteV2("m-1");
  EXPECT_EQ(PrefixOf(""), "m-1");
  WriteV2("m-2");
  EXPECT_THAT(RefusalOf(""), HasSubstr("2 checkpoints, among them 'm-1'"));
}

TEST_F(ResolveTest, ASavedModelHasItsVariables) {
  WriteV2("variables/variables");
  folder_.Write("saved_model.pb", "graph");
  EXPECT_EQ(PrefixOf(""), "variables/variables");
  EXPECT_EQ(PrefixOf("variables"), "variables/variables");
}

TEST_F(ResolveTest, AV1FileIsFoundByItsNameAndItsFolder) {
  WriteV1("old");
  EXPECT_TRUE(ResolveCheckpoint(folder_.Path("old")).is_v1);
  EXPECT_TRUE(ResolveCheckpoint(folder_.Path("")).is_v1);
}

TEST_F(ResolveTest, OneV1ShardOpensTheWholeSet) {
  WriteV1("old-00000-of-00002");
  WriteV1("old-00001-of-00002");
  for (const std::string name : {"old", "old-00001-of-00002"}) {
    const CheckpointFiles found = ResolveCheckpoint(folder_.Path(name));
    EXPECT_EQ(found.prefix, folder_.Path("old-????\?-of-00002"));
    EXPECT_THAT(found.v1_files,
                ElementsAre(folder_.Path("old-00000-of-00002"),
                            folder_.Path("old-00001-of-00002")));
  }
}

TEST_F(ResolveTest, AV1ShardThatIsMissingIsNamed) {
  WriteV1("old-00001-of-00002");
  EXPECT_THAT(RefusalOf("old"), HasSubstr("old-00000-of-00002"));
  WriteV1("big-00000-of-2147483647");
  EXPECT_THAT(RefusalOf("big"), HasSubstr("big-00001-of-2147483647"));
}

TEST_F(ResolveTest, WhatAKilledSaveSetAsideIsStillThere) {
  WriteV2("m");
  std::filesystem::rename(folder_.Path("m.index"),
                          folder_.Path("m.index.fastckpt-0123abcd.old"));
  EXPECT_EQ(PrefixOf("m"), "m");
  WriteV1("old");
  std::filesystem::rename(folder_.Path("old"),
                          folder_.Path("old.fastckpt-0123abcd.old"));
  EXPECT_THAT(ResolveCheckpoint(folder_.Path("old")).v1_files,
              ElementsAre(folder_.Path("old.fastckpt-0123abcd.old")));
}

TEST_F(ResolveTest, AFileThatIsSomethingElseIsCorruption) {
  folder_.Write("notes.txt", "dear diary");
  EXPECT_THAT(
      CorruptionOf([&] { ResolveCheckpoint(folder_.Path("notes.txt")); }),
      HasSubstr("the file is no checkpoint"));
}

TEST_F(ResolveTest, SaysWhatItLookedFor) {
  EXPECT_THAT(RefusalOf("m"), HasSubstr("looked for 'm' with '.index'"));
  EXPECT_THAT(RefusalOf("no/such/folder/m"), HasSubstr("looked for 'm'"));
  EXPECT_THAT(RefusalOf(""), HasSubstr("holds no checkpoint"));
}

}  // namespace
}  // namespace fastckpt::internal::resolve_test
