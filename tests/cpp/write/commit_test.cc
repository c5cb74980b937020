#include "fastckpt/write/commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/messages.h"
#include "fastckpt/table/table_writer.h"
#include "fastckpt/v2/shard_name.h"
#include "testing/folder.h"

namespace fastckpt::internal::commit_test {
namespace {

using ::testing::MatchesRegex;
using Names = std::set<std::string>;

constexpr const char* kData = ".data-00000-of-00001";

class CommitTest : public ::testing::Test {
 protected:
  // Writes a checkpoint of one data file and an index that hold `bytes`.
  void Replace(const std::string& base, const std::string& bytes) {
    Commit commit(folder_.Path(base), ".index");
    const auto data = commit.Create(kData);
    const auto index = commit.Create(".index");
    data->WriteAt(0, AsBytes(bytes));
    index->WriteAt(0, AsBytes(bytes));
    commit.Finish({data.get(), index.get()}, /*sync=*/true, 1);
  }

  // An index that counts so many data files and has no tensors.
  static std::string IndexOf(std::int32_t shards) {
    std::string bytes;
    TableWriter table([&](ByteView part) { bytes.append(AsText(part)); });
    BundleHeader header;
    header.num_shards = shards;
    header.version.producer = 1;
    std::string value;
    PutBundleHeader(&value, header);
    table.Add("", value);
    table.Finish();
    return bytes;
  }

  void WriteOld() {
    folder_.Write("m.index", IndexOf(1));
    folder_.Write("m.data-00000-of-00001", "old data");
  }

  void ExpectOld() {
    EXPECT_EQ(folder_.Names(), (Names{"m.data-00000-of-00001", "m.index"}));
    EXPECT_EQ(folder_.Read("m.index"), IndexOf(1));
    EXPECT_EQ(folder_.Read("m.data-00000-of-00001"), "old data");
  }

  const Folder folder_;
};

TEST_F(CommitTest, FilesLieUnderTemporaryNamesUntilTheEnd) {
  Commit commit(folder_.Path("m"), ".index");
  const auto file = commit.Create(".index");
  ASSERT_EQ(folder_.Names().size(), 1u);
  EXPECT_THAT(*folder_.Names().begin(),
              MatchesRegex("m\\.index\\.fastckpt-[0-9a-f]+\\.tmp"));
}

TEST_F(CommitTest, PutsFilesInAnEmptyPlace) {
  Replace("m", "new");
  EXPECT_EQ(folder_.Names(), (Names{"m.data-00000-of-00001", "m.index"}));
}

TEST_F(CommitTest, ReplacesACheckpointOfAnyShardCount) {
  for (const std::int32_t count : {2, 100001}) {
    folder_.Write("m.index", IndexOf(count));
    folder_.Write(DataName("m", 0, count), "old");
    folder_.Write(DataName("m", count - 1, count), "old");
    Replace("m", "new");
    EXPECT_EQ(folder_.Names(), (Names{"m.data-00000-of-00001", "m.index"}));
    EXPECT_EQ(folder_.Read("m.data-00000-of-00001"), "new");
  }
}

TEST_F(CommitTest, DataFilesOfANumberThatNoIndexCountsStay) {
  const std::string orphan = "m.data-00001-of-00002";
  folder_.Write(orphan, "all that is left");
  for (const std::string bytes : {"new", "newer"}) {
    Replace("m", IndexOf(1) + bytes);
    EXPECT_EQ(folder_.Names(),
              (Names{"m.data-00000-of-00001", orphan, "m.index"}));
    folder_.Write("m.index", IndexOf(1));
  }
  folder_.Write("m.index", "");  // damaged: what it counted nobody knows
  Replace("m", "newest");
  EXPECT_EQ(folder_.Read(orphan), "all that is left");
}

TEST_F(CommitTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(folder_.Path("m.index").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(folder_.Path("v1").c_str(), 0600), 0);
  ASSERT_EQ(mkfifo(folder_.Path("n.data-00000-of-00001").c_str(), 0600), 0);
  std::filesystem::create_symlink("v1", folder_.Path("link"));
  const auto code = [](const auto& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.system_code();
    }
    return 0;
  };
  EXPECT_EQ(code([&] { Commit(folder_.Path("m"), ".index"); }), EINVAL);
  EXPECT_EQ(code([&] { Commit(folder_.Path("v1"), ""); }), EINVAL);
  EXPECT_EQ(code([&] { Commit(folder_.Path("link"), ""); }), EINVAL);
  const Commit commit(folder_.Path("n"), ".index");
  EXPECT_EQ(code([&] { commit.Create(kData); }), EINVAL);
  EXPECT_EQ(folder_.Names().size(), 4u);
}

TEST_F(CommitTest, LeavesNeighboursAlone) {
  const Names neighbours = {"m",
                            "m.meta",
                            "m.index2",
                            "mm.index",
                            "checkpoint",
                            "m.data-0-of-1",
                            "m.data-00000-of-00001.txt",
                            "n.index",
                            "m.fastckpt-1.tmp",
                            "m.index.fastckpt-0000000g.old",
                            "m.n.index",
                            "m-1.index",
                            "m.n.index.fastckpt-00000000.old",
                            "m.index.bak",
                            "m.tempstate1234",
                            "m.n.fastckpt-00000000.tmp"};
  for (const std::string& name : neighbours) folder_.Write(name, name);
  Replace("m", "new");
  Names expected = neighbours;
  expected.merge(Names{"m.data-00000-of-00001", "m.index"});
  EXPECT_EQ(folder_.Names(), expected);
}

TEST_F(CommitTest, SweepsTheLitterOfKilledSaves) {
  folder_.Write("m.index.fastckpt-00000000.tmp", "");
  folder_.Write("m.data-00003-of-00007.fastckpt-0123abcd.tmp", "");
  folder_.Write("m.index.fastckpt-00000000.old", "");
  folder_.Write("m.fastckpt-00000000.tmp", "");  // of a V1 file
  Replace("m", "new");
  EXPECT_EQ(folder_.Names(), (Names{"m.data-00000-of-00001", "m.index"}));
}

TEST_F(CommitTest, LeavesASaveThatIsUnderWayAlone) {
  Commit other(folder_.Path("m"), ".index");
  const auto data = other.Create(kData);
  const auto index = other.Create(".index");
  Replace("m", "new");
  other.Finish({data.get(), index.get()}, /*sync=*/false, 1);
  EXPECT_EQ(folder_.Names(), (Names{"m.data-00000-of-00001", "m.index"}));
  EXPECT_EQ(folder_.Read("m.index"), "");
}

TEST_F(CommitTest, ReplacesNothingWhereItMayNot) {
  for (const char* there : {"m.index", "m.data-00000-of-00002",
                            "m.data-00000-of-00001.fastckpt-0123abcd.old"}) {
    Commit commit(folder_.Path("m"), ".index", /*may_replace=*/false);
    const auto data = commit.Create(kData);
    const auto index = commit.Create(".index");
    folder_.Write(there, "old");
    try {
      commit.Finish({data.get(), index.get()}, /*sync=*/true, 1);
      ADD_FAILURE() << there;
    } catch (const Error& error) {
      EXPECT_TRUE(HasCode(error, std::errc::file_exists)) << there;
    }
    EXPECT_EQ(folder_.Read(there), "old");
    EXPECT_EQ(std::remove(folder_.Path(there).c_str()), 0);
  }
  EXPECT_EQ(folder_.Names(), Names{});
}

// A text under the bare name is no checkpoint, and a pipe no file.
TEST_F(CommitTest, ReplacesNoOtherFileEitherWhereItMayNot) {
  Commit v1(folder_.Path("m"), "", /*may_replace=*/false);
  Commit v2(folder_.Path("n"), kData, /*may_replace=*/false);
  const auto table = v1.Create("");
  const auto data = v2.Create(kData);
  folder_.Write("m", "precious");
  const std::string pipe = folder_.Path(std::string("n") + kData);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THROW(v1.Finish({table.get()}, /*sync=*/false, 1), Error);
  EXPECT_THROW(v2.Finish({data.get()}, /*sync=*/false, 1), Error);
  EXPECT_EQ(folder_.Read("m"), "precious");
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(CommitTest, WhatOthersAreWritingIsNothingThatIsThere) {
  folder_.Write("m.index.fastckpt-0123abcd.tmp", "");
  folder_.Write("m-2.index", "another");
  Commit commit(folder_.Path("m"), ".index", /*may_replace=*/false);
  const auto index = commit.Create(".index");
  commit.Finish({index.get()}, /*sync=*/false, 1);
  EXPECT_TRUE(folder_.Names().contains("m.index"));
}

TEST_F(CommitTest, FailureBringsTheOldFilesBack) {
  WriteOld();
  {
    Commit commit(folder_.Path("m"), ".index");
    const auto data = commit.Create(kData);
    const auto index = commit.Create(".index");
    // Somebody takes the new index away.
    for (const std::string& name : folder_.Names()) {
      if (name.starts_with("m.index.fastckpt")) {
        std::filesystem::remove(folder_.Path(name));
      }
    }
    EXPECT_THROW(commit.Finish({data.get(), index.get()}, true, 1), Error);
  }
  ExpectOld();
}

TEST_F(CommitTest, FolderInTheWayIsRefusedAtOnce) {
  std::filesystem::create_directory(folder_.Path("m.index"));
  try {
    Commit(folder_.Path("m"), ".index");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.system_code(), EISDIR);
    EXPECT_EQ(error.where().path, folder_.Path("m.index"));
  }
}

TEST_F(CommitTest, FolderAmongTheDataFilesIsNeitherMovedNorLost) {
  folder_.Write("m.index", IndexOf(1));
  const std::string way = "m.data-00000-of-00001";
  std::filesystem::create_directory(folder_.Path(way));
  folder_.Write(way + "/precious", "bytes");
  EXPECT_THROW(Replace("m", "new"), Error);
  EXPECT_EQ(folder_.Names(), (Names{way, "m.index"}));
  EXPECT_EQ(folder_.Read(way + "/precious"), "bytes");
  EXPECT_EQ(folder_.Read("m.index"), IndexOf(1));
}

TEST_F(CommitTest, PrefixNeedsANameAndNoNul) {
  EXPECT_THROW(Commit(folder_.Path(""), ".index"), Error);
  EXPECT_THROW(Commit("", ".index"), Error);
  EXPECT_THROW(Commit(folder_.Path(std::string("m\0m", 3)), ".index"), Error);
}

TEST_F(CommitTest, NameThatIsTooLongIsRefusedBeforeTheFirstByte) {
  const std::string base(230, 'm');
  Commit commit(folder_.Path(base), ".index");
  try {
    commit.Create(kData);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.system_code(), ENAMETOOLONG);
  }
}

TEST_F(CommitTest, OldFileThatIsALinkIsReplacedNotFollowed) {
  folder_.Write("elsewhere", "precious");
  std::filesystem::create_symlink("elsewhere", folder_.Path("m.index"));
  Replace("m", "new");
  EXPECT_EQ(folder_.Read("elsewhere"), "precious");
  EXPECT_EQ(folder_.Names(),
            (Names{"elsewhere", "m.data-00000-of-00001", "m.index"}));
}

}  // namespace
}  // namespace fastckpt::internal::commit_test
