#include "fastckpt/write/entry_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fastckpt/base/error.h"
#include "fastckpt/tensor/tensor_input.h"
#include "fastckpt/v2/bundle_index.h"
#include "testing/folder.h"
#include "testing/hex.h"

namespace fastckpt::internal::entry_table_test {
namespace {

using ::testing::HasSubstr;

BundleEntry Full(std::int32_t shard, std::vector<SliceSpec> slices,
                 DType dtype = DType::kFloat,
                 std::vector<std::int64_t> dims = {4}) {
  BundleEntry entry;
  entry.dtype = static_cast<std::int32_t>(dtype);
  entry.shape.rank = dims.size();
  entry.shape.dims = std::move(dims);
  entry.shard_id = shard;
  entry.slices = std::move(slices);
  return entry;
}

class EntryTableTest : public ::testing::Test {
 protected:
  std::string Refusal(const BundleEntry& part) {
    try {
      table_.CheckSlices("w", part);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      return error.what();
    }
    return "accepted";
  }

  void Write() {
    const auto directory = std::make_shared<const Directory>(folder_.Path(""));
    OutputFile file(directory, "tmp", "index");
    BundleHeader header;
    header.num_shards = 3;
    table_.Write(header, file);
    file.Move();
  }

  const Folder folder_;
  EntryTable table_;
};

TEST_F(EntryTableTest, KeyIsTakenOnce) {
  table_.Claim("key", "w");
  try {
    table_.Claim("key", "w");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("tensor 'w': the same name"));
  }
}

TEST_F(EntryTableTest, SlicesOfUnlikeTensorsAreRefused) {
  table_.AddSlices("w", Full(0, {{{0, 2}}}));
  EXPECT_EQ(Refusal(Full(0, {{{2, 2}}})), "accepted");
  EXPECT_THAT(Refusal(Full(0, {{{2, 2}}}, DType::kInt32)),
              HasSubstr("float32, another of int32"));
  EXPECT_THAT(Refusal(Full(0, {{{2, 2}}}, DType::kFloat, {5})),
              HasSubstr("shape [4], another of [5]"));
}

TEST_F(EntryTableTest, SliceOfATensorThatIsWholeIsRefused) {
  table_.Claim("w", "w");
  EXPECT_THAT(Refusal(Full(0, {{{2, 2}}})), HasSubstr("added whole before"));
}

TEST_F(EntryTableTest, SlicesAreInTheOrderOfShards) {
  table_.AddSlices("w", Full(2, {{{0, 1}}}));
  table_.AddSlices("w", Full(1, {{{3, 1}}}));
  table_.AddSlices("w", Full(2, {{{1, 1}}}));
  table_.AddSlices("w", Full(1, {{{2, 1}}}));
  Write();
  const BundleIndex index(folder_.Path("index"), UINT64_MAX);
  const auto tensor = index.Find("w");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(index.entry(*tensor).shard, 1);
  EXPECT_EQ(index.slices(*tensor),
            (std::vector<SliceSpec>{{{3, 1}}, {{2, 1}}, {{0, 1}}, {{1, 1}}}));
}

TEST_F(EntryTableTest, OverlapIsRefusedAtTheEnd) {
  table_.AddSlices("w", Full(0, {{{0, 3}}, {{2, 2}}}));
  EXPECT_THROW(Write(), Error);
}

TEST_F(EntryTableTest, SecondNameIsTheSameEntry) {
  table_.Claim("w", "w");
  BundleEntry entry = Full(3, {});
  entry.offset = 40;
  entry.size = 16;
  table_.Set("w", entry);
  table_.Alias("tied", "w");
  Write();
  const BundleIndex index(folder_.Path("index"), UINT64_MAX);
  const auto tied = index.Find("tied");
  ASSERT_TRUE(tied);
  EXPECT_EQ(index.entry(*tied).offset, 40);
  EXPECT_EQ(index.entry(*tied).shard, 3);
}

TEST_F(EntryTableTest, SecondNameOfNoWholeTensorIsRefused) {
  table_.AddSlices("part", Full(0, {{{0, 4}}}));
  EXPECT_THROW(table_.Alias("tied", "part"), Error);
  EXPECT_THROW(table_.Alias("tied", "w"), Error);
}

}  // namespace
}  // namespace fastckpt::internal::entry_table_test
