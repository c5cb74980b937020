#include "fastckpt/write/bundle_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "fastckpt/base/error.h"
#include "fastckpt/codec/crc32c.h"
#include "fastckpt/v2/bundle_index.h"
#include "fastckpt/v2/shard_name.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/inputs.h"

namespace fastckpt::internal::bundle_writer_test {
namespace {

using ::testing::HasSubstr;

const std::vector<float> kOneTwo = {1, 2};

class BundleWriterTest : public ::testing::Test {
 protected:
  std::string Refusal(BundleWriter* writer, const TensorInput& input) {
    try {
      writer->Add({input});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      return error.what();
    }
    return "accepted";
  }

  BundleIndex Index() const {
    return BundleIndex(IndexName(prefix_), UINT64_MAX);
  }

  // The stored bytes of a tensor; the checksum must be theirs.
  std::string Stored(const std::string& name) const {
    const BundleIndex index = Index();
    const StoredEntry& entry = index.entry(*index.Find(name));
    const std::string file =
        folder_.Read(DataName("m", entry.shard, index.header().num_shards));
    std::string bytes = file.substr(static_cast<std::size_t>(entry.offset),
                                    static_cast<std::size_t>(entry.size));
    EXPECT_EQ(Crc32c(AsBytes(bytes)), entry.crc32c);
    return bytes;
  }

  const Folder folder_;
  const std::string prefix_ = folder_.Path("m");
};

// FORMAT sections 2.6 and 13.
TEST_F(BundleWriterTest, WritesTheWorkedExampleOfTheFormat) {
  BundleWriter writer(prefix_, {});
  writer.Add({MakeInput("a", DType::kFloat, {2}, kOneTwo)});
  writer.Finish();
  EXPECT_EQ(ToHex(AsBytes(folder_.Read("m.data-00000-of-00001"))),
            "0000803f00000040");
  EXPECT_EQ(ToHex(AsBytes(folder_.Read("m.index"))),
            "00000608011a02080100010f610801120412020802280835593ce535"
            "0000000001000000"
            "004419559e"
            "0000000001000000"
            "00c0f2a1b0"
            "000102620024"
            "0000000001000000"
            "005a996b35"
            "2908360e" +
                std::string(72, '0') + "57fb808b247547db");
}

TEST_F(BundleWriterTest, WithoutTensorsThereIsAnEmptyDataFile) {
  BundleWriter(prefix_, {}).Finish();
  EXPECT_EQ(folder_.Read("m.data-00000-of-00001"), "");
  EXPECT_EQ(Index().entry_count(), 0u);
}

TEST_F(BundleWriterTest, NothingIsThereBeforeFinish) {
  {
    BundleWriter writer(prefix_, {});
    writer.Add({MakeInput("a", DType::kFloat, {2}, kOneTwo)});
    EXPECT_FALSE(std::filesystem::exists(IndexName(prefix_)));
  }
  EXPECT_TRUE(folder_.Names().empty());
}

TEST_F(BundleWriterTest, LargeAndSmallTensorsShareTheFileOnManyThreads) {
  WriteOptions options;
  options.threads = 3;
  options.sync = false;
  std::vector<std::uint8_t> bytes(30'000'001);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  const std::vector<std::int64_t> dims = {30'000'001};
  BundleWriter writer(prefix_, options);
  writer.Add({MakeStrings("s", {"odd", "offset"}),
              MakeInput("large", DType::kUint8, dims, bytes),
              MakeInput("small", DType::kFloat, {2}, kOneTwo),
              MakeInput("again", DType::kUint8, dims, bytes)});
  writer.Finish();
  const std::string expected(AsText(bytes));
  EXPECT_TRUE(Stored("large") == expected);
  EXPECT_TRUE(Stored("again") == expected);
  EXPECT_EQ(ToHex(AsBytes(Stored("small"))), "0000803f00000040");
}

TEST_F(BundleWriterTest, AlignmentPadsBehindEachTensor) {
  WriteOptions options;
  options.alignment = 64;
  BundleWriter writer(prefix_, options);
  writer.Add(
      {MakeStrings("s", {"abc"}), MakeInput("a", DType::kFloat, {2}, kOneTwo)});
  writer.Add({MakeInput("b", DType::kFloat, {2}, kOneTwo)});
  writer.Finish();
  const BundleIndex index = Index();
  EXPECT_EQ(index.entry(*index.Find("a")).offset, 64);
  EXPECT_EQ(index.entry(*index.Find("b")).offset, 128);
  EXPECT_EQ(folder_.Read("m.data-00000-of-00001").size(), 192u);
  EXPECT_EQ(ToHex(AsBytes(Stored("b"))), "0000803f00000040");
}

TEST_F(BundleWriterTest, EachTensorGoesToTheSmallestShard) {
  WriteOptions options;
  options.shards = 3;
  BundleWriter writer(prefix_, options);
  const std::vector<float> four(4);
  writer.Add({MakeInput("a", DType::kFloat, {4}, four),
              MakeInput("b", DType::kFloat, {2}, kOneTwo),
              MakeInput("c", DType::kFloat, {4}, four),
              MakeInput("d", DType::kFloat, {2}, kOneTwo)});
  writer.Finish();
  const BundleIndex index = Index();
  EXPECT_EQ(index.header().num_shards, 3);
  std::vector<std::int32_t> shards;
  for (std::size_t i = 0; i < 4; ++i) shards.push_back(index.entry(i).shard);
  EXPECT_EQ(shards, (std::vector<std::int32_t>{0, 1, 2, 1}));
}

TEST_F(BundleWriterTest, ShardsThatGetNothingAreThere) {
  WriteOptions options;
  options.shards = 2;
  BundleWriter writer(prefix_, options);
  writer.Add({MakeInput("a", DType::kFloat, {2}, kOneTwo)});
  writer.Finish();
  EXPECT_TRUE(std::filesystem::exists(DataName(prefix_, 1, 2)));
}

TEST_F(BundleWriterTest, WholeSliceIsAPlainTensor) {
  BundleWriter writer(prefix_, {});
  writer.Add(
      {AsSlice(MakeInput("a", DType::kFloat, {2}, kOneTwo), {2}, {{0, 2}})});
  writer.Finish();
  EXPECT_EQ(Index().entry_count(), 1u);
  EXPECT_FALSE(Index().IsSliced(0));
}

TEST_F(BundleWriterTest, WhatIsRefusedLeavesNothingBehind) {
  BundleWriter writer(prefix_, {});
  const TensorInput whole = MakeInput("a", DType::kFloat, {2}, kOneTwo);
  const TensorInput part =
      AsSlice(MakeInput("v", DType::kFloat, {2}, kOneTwo), {4}, {{0, 2}});
  TensorInput other = part;
  other.placement = Placement{{5}, {{2, 2}}};
  TensorInput late = part;
  late.name = "a";
  writer.Add({whole});
  writer.Add({part});
  EXPECT_THAT(Refusal(&writer, whole), HasSubstr("added before"));
  EXPECT_THAT(Refusal(&writer, part), HasSubstr("added before"));
  EXPECT_THAT(Refusal(&writer, other), HasSubstr("another of [5]"));
  EXPECT_THAT(Refusal(&writer, late), HasSubstr("whole before"));
  writer.Finish();
  EXPECT_EQ(Index().entry_count(), 3u);
  EXPECT_EQ(Index().slices(*Index().Find("v")).size(), 1u);
}

TEST_F(BundleWriterTest, IsOfNoMoreUseWhenFinished) {
  BundleWriter writer(prefix_, {});
  writer.Finish();
  EXPECT_THROW(writer.Finish(), Error);
  EXPECT_THROW(writer.Add({}), Error);
}

TEST_F(BundleWriterTest, InterruptedWorkCannotBeFinished) {
  std::vector<std::uint8_t> bytes(64 << 20);
  BundleWriter writer(prefix_, {});
  bool is_done = true;
  // The interrupt is asked every 100 ms at most.
  for (int i = 0; i < 100 && is_done; ++i) {
    is_done = writer.Add(
        {MakeInput("a" + std::to_string(i), DType::kUint8, {64 << 20}, bytes)},
        [] { return true; });
  }
  if (is_done) GTEST_SKIP() << "64 MiB take less than 100 ms here";
  EXPECT_THROW(writer.Finish(), Error);
}

TEST_F(BundleWriterTest, StoredBytesMustFitTheirChecksum) {
  const std::string bytes(8, 'x');
  TensorInput input = MakeInput("a", DType::kFloat, {2}, kOneTwo);
  input.values = StoredBytes{AsBytes(bytes), Crc32c(AsBytes(bytes)) + 1};
  BundleWriter writer(prefix_, {});
  try {
    writer.Add({input});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    EXPECT_THAT(error.what(), HasSubstr("tensor 'a': stored checksum"));
  }
  EXPECT_THROW(writer.Finish(), Error);
}

TEST_F(BundleWriterTest, OptionsOutOfRangeAreRefused) {
  WriteOptions shards;
  shards.shards = 0;
  EXPECT_THROW(BundleWriter(prefix_, shards), Error);
  WriteOptions alignment;
  alignment.alignment = 0;
  EXPECT_THROW(BundleWriter(prefix_, alignment), Error);
}

}  // namespace
}  // namespace fastckpt::internal::bundle_writer_test
