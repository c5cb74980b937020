#include "fastckpt/v2/aside_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "testing/bundles.h"
#include "testing/folder.h"

namespace fastckpt::internal::aside_set_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kOlder[] = ".fastckpt-00000001.old";
constexpr char kNewer[] = ".fastckpt-00000002.old";

std::string Old(const std::string& plain, const std::string& mark = kNewer) {
  return plain + mark;
}

// What lies under "m" when a save of one shard was killed after setting aside.
std::vector<ListedFile> Killed() {
  return {{Old("m.data-00000-of-00001"), 7}, {Old("m.index"), 7}};
}

TEST(AsideSet, NamesAreMadeAndParsedAlike) {
  for (const auto& [plain, part] :
       {std::pair{"m.index", CheckpointPart::kIndex},
        std::pair{"m.data-00001-of-00002", CheckpointPart::kData},
        std::pair{"m.data-123456-of-234567", CheckpointPart::kData},
        std::pair{"m", CheckpointPart::kV1}}) {
    for (const SaveMark mark : {SaveMark::kAside, SaveMark::kTemporary}) {
      const auto name =
          ParseMarkedName("m", MakeMarkedName(plain, "0123abcd", mark));
      ASSERT_TRUE(name) << plain;
      EXPECT_EQ(name->plain, plain);
      EXPECT_EQ(name->token, "0123abcd");
      EXPECT_EQ(name->part, part);
      EXPECT_EQ(name->mark, mark);
    }
  }
}

TEST(AsideSet, OtherNamesHaveNoMark) {
  for (const char* name :
       {"m.index", "m.index.fastckpt-0123abcd", "m.index.fastckpt-0123abcd.new",
        "m.index.fastckpt-0123abcd.old.old", "m.index.fastckpt-0123ABCD.old",
        "m.index.fastckpt-0123abc.old", "m.index.fastckpt-0123abcde.old",
        "m.data-0-of-1.fastckpt-0123abcd.old", "m.meta.fastckpt-0123abcd.old",
        "m.index.index.fastckpt-0123abcd.old", "n.index.fastckpt-0123abcd.old",
        "m-1.index.fastckpt-0123abcd.old", "", "m"}) {
    EXPECT_FALSE(ParseMarkedName("m", name)) << name;
  }
  EXPECT_FALSE(ParseMarkedName("", ".index.fastckpt-0123abcd.old"));
}

TEST(AsideSet, ANameBelongsToOneBaseOnly) {
  EXPECT_FALSE(ParseMarkedName("m.index", "m.index.fastckpt-0123abcd.old"));
  EXPECT_FALSE(
      ParseMarkedName("m.data-00000-of-00001", Old("m.data-00000-of-00001")));
  EXPECT_TRUE(
      ParseMarkedName("m.index", "m.index.index.fastckpt-0123abcd.old"));
  EXPECT_TRUE(ParseMarkedName("m.data", "m.data.fastckpt-0123abcd.old"));
}

TEST(AsideSet, TheSetOfAKilledSaveIsFound) {
  const auto set = FindAsideSet("m", Killed());
  ASSERT_TRUE(set);
  EXPECT_EQ(set->token, "00000002");
  EXPECT_FALSE(set->is_v1());
  EXPECT_EQ(set->name(), Old("m.index"));
  EXPECT_THAT(set->data, ElementsAre(Old("m.data-00000-of-00001")));
}

TEST(AsideSet, TheIndexAloneIsASet) {
  EXPECT_TRUE(FindAsideSet("m", {{Old("m.index"), 7}}));
}

TEST(AsideSet, ShardsAloneAreNone) {
  EXPECT_FALSE(FindAsideSet("m", {{Old("m.data-00000-of-00001"), 7}}));
}

TEST(AsideSet, NoneCountsWhileAnIndexHasItsName) {
  std::vector<ListedFile> files = Killed();
  files.push_back({"m.index", 1});
  EXPECT_FALSE(FindAsideSet("m", files));
  EXPECT_EQ(ListAsideSets("m", files).size(), 1u);
}

TEST(AsideSet, NoneCountsWhileAV1FileHasItsName) {
  std::vector<ListedFile> files = Killed();
  files.push_back({"m", 1});
  EXPECT_FALSE(FindAsideSet("m", files));
}

TEST(AsideSet, DataUnderItsNameDoesNotKeepASetFromCounting) {
  std::vector<ListedFile> files = Killed();
  files.push_back({"m.data-00000-of-00001", 9});
  files.push_back({"m.index.fastckpt-00000003.tmp", 9});
  EXPECT_TRUE(FindAsideSet("m", files));
}

TEST(AsideSet, OfSeveralTheIndexWrittenLastCounts) {
  const auto set = FindAsideSet("m", {{Old("m.index", kOlder), 9},
                                      {Old("m.index", kNewer), 8},
                                      {Old("m.data-00000-of-00001"), 10}});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->token, "00000001");
  EXPECT_THAT(set->data, IsEmpty());
}

TEST(AsideSet, AV1FileIsASet) {
  const auto set = FindAsideSet("m", {{Old("m"), 7}});
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->is_v1());
  EXPECT_EQ(set->name(), Old("m"));
}

TEST(AsideSet, OfBothFormatsTheIndexStandsForTheSet) {
  const std::vector<ListedFile> files = {{Old("m"), 9}, {Old("m.index"), 7}};
  for (const auto& order : {files, {files[1], files[0]}}) {
    const auto set = FindAsideSet("m", order);
    ASSERT_TRUE(set);
    EXPECT_FALSE(set->is_v1());
    EXPECT_EQ(set->mtime, 7);
    EXPECT_EQ(set->v1, Old("m"));
  }
}

TEST(AsideSet, AShardThatIsNotAsideHasItsPlainName) {
  const AsideSet set = *FindAsideSet(
      "m", {{Old("m.index"), 7}, {Old("m.data-00001-of-00002"), 7}});
  EXPECT_EQ(ShardInSet(set, "m", 0, 2), "m.data-00000-of-00002");
  EXPECT_EQ(ShardInSet(set, "m", 1, 2), Old("m.data-00001-of-00002"));
  EXPECT_EQ(ShardInSet(set, "m", 2147483646, 2147483647),
            "m.data-2147483646-of-2147483647");
}

TEST(AsideSet, TheOldestIsRemovedFirstAndEachIndexBeforeItsShards) {
  const std::vector<ListedFile> files = {
      {Old("m.data-00000-of-00001", ".fastckpt-00000000.old"), 9},
      {Old("m.index", kNewer), 8},
      {Old("m.data-00000-of-00001", kNewer), 8},
      {Old("m.index", kOlder), 1},
      {Old("m.data-00000-of-00001", kOlder), 1},
      {"m.data-00000-of-00001", 9},
      {"m.index.fastckpt-00000004.tmp", 9}};
  EXPECT_THAT(
      AsideRemovalOrder("m", files, false),
      ElementsAre(Old("m.index", kOlder), Old("m.data-00000-of-00001", kOlder),
                  Old("m.index", kNewer), Old("m.data-00000-of-00001", kNewer),
                  Old("m.data-00000-of-00001", ".fastckpt-00000000.old")));
}

TEST(AsideSet, NoStepOfARemovalMakesAnotherSetCount) {
  std::vector<ListedFile> files = {{Old("m", kOlder), 3},
                                   {Old("m.index", kOlder), 1},
                                   {Old("m.data-00000-of-00001", kOlder), 1},
                                   {Old("m.index", kNewer), 2},
                                   {Old("m.data-00000-of-00001", kNewer), 2}};
  for (const std::string& gone : AsideRemovalOrder("m", files, false)) {
    const auto set = FindAsideSet("m", files);
    EXPECT_TRUE(!set || set->token == "00000002") << gone;
    std::erase_if(files, [&](const auto& file) { return file.name == gone; });
  }
  EXPECT_THAT(files, IsEmpty());
}

TEST(AsideSet, ASetOfTheOtherFormatStaysWhereItCounts) {
  const std::vector<ListedFile> files = {{Old("m", kOlder), 1},
                                         {Old("m.index", kNewer), 2}};
  EXPECT_THAT(AsideRemovalOrder("m", files, true),
              ElementsAre(Old("m", kOlder)));
  EXPECT_THAT(AsideRemovalOrder("m", files, false),
              ElementsAre(Old("m", kOlder), Old("m.index", kNewer)));
}

// Removing the plain file alone would make the other format's set count again.
TEST(AsideSet, BesideAPlainNameBothFormatsGo) {
  const std::vector<ListedFile> files = {{Old("m.index"), 2}, {"m", 3}};
  EXPECT_THAT(AsideRemovalOrder("m", files, true), ElementsAre(Old("m.index")));
}

TEST(AsideSet, AFolderIsListed) {
  const Folder folder;
  folder.Write(Old("m.index", kOlder), "");
  folder.Write(Old("m.index", kNewer), "");
  folder.Write(Old("m.data-00000-of-00001", kNewer), "");
  folder.Write(Old("m-1.index", kNewer), "");
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(folder.Path(Old("m.index", kOlder)),
                                   now - std::chrono::hours(1));
  const auto set = FindAsideSet(folder.Path("m"));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->token, "00000002");
  EXPECT_THAT(set->data, ElementsAre(Old("m.data-00000-of-00001", kNewer)));
  folder.Write("m.index", "");
  EXPECT_FALSE(FindAsideSet(folder.Path("m")));
}

TEST(AsideSet, OnlyATableUnderTheBarePrefixIsAV1File) {
  const Folder folder;
  folder.Write(Old("m.index"), "");
  folder.Write("m", "a note");
  EXPECT_TRUE(FindAsideSet(folder.Path("m")));
  folder.Write("m", MakeIndex(OneShard(), {}));
  EXPECT_FALSE(FindAsideSet(folder.Path("m")));
}

TEST(AsideSet, AFolderOfSuchANameIsNoFile) {
  const Folder folder;
  std::filesystem::create_directory(folder.Path(Old("m.index")));
  EXPECT_FALSE(FindAsideSet(folder.Path("m")));
}

TEST(AsideSet, AMissingFolderHasNone) {
  EXPECT_FALSE(FindAsideSet("/no/such/folder/m"));
}

TEST(AsideSet, TheBaseOfAnIndexOrV1FileIsToldByItsName) {
  EXPECT_EQ(BaseOfAside(Old("a.b")), "a.b");
  EXPECT_EQ(BaseOfAside(Old("a.b.index")), "a.b");
  EXPECT_EQ(BaseOfAside(Old("a.index.index")), "a.index");
  EXPECT_FALSE(BaseOfAside(Old("m.data-00000-of-00001")));
  EXPECT_FALSE(BaseOfAside("m.index.fastckpt-00000002.tmp"));
  EXPECT_FALSE(BaseOfAside("m.index"));
  EXPECT_FALSE(BaseOfAside(Old(".index")));
}

TEST(AsideSet, AV1FileIsFoundByItsIdentity) {
  const Folder folder;
  folder.Write("m", MakeIndex(OneShard(), {}));
  const FileIdentity identity = StatFile(folder.Path("m"));
  EXPECT_EQ(FindV1File(folder.Path("m"), identity), folder.Path("m"));
  std::filesystem::rename(folder.Path("m"), folder.Path(Old("m")));
  EXPECT_EQ(FindV1File(folder.Path("m"), identity), folder.Path(Old("m")));
  std::filesystem::remove(folder.Path(Old("m")));
  EXPECT_FALSE(FindV1File(folder.Path("m"), identity));
}

}  // namespace
}  // namespace fastckpt::internal::aside_set_test
