#include "fastckpt/write/v1_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fastckpt/base/error.h"
#include "fastckpt/write/bundle_writer.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/inputs.h"

namespace fastckpt::internal::v1_writer_test {
namespace {

using ::testing::HasSubstr;

const std::vector<float> kOneTwo = {1, 2};
const std::vector<std::int64_t> kSeven = {7};
const std::vector<std::int32_t> kHead = {1, -1};
const std::vector<std::int32_t> kTail = {3, 4};

class V1WriterTest : public ::testing::Test {
 protected:
  std::string Refusal(V1Writer* writer, const TensorInput& input,
                      ErrorKind kind) {
    try {
      writer->Add({input});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      return error.what();
    }
    return "accepted";
  }

  const Folder folder_;
  V1Writer writer_{folder_.Path("m"), /*sync=*/true};
};

// FORMAT section 6.4.
TEST_F(V1WriterTest, WritesTheExampleOfTheFormat) {
  writer_.Add(
      {AsSlice(MakeInput("v", DType::kInt32, {2}, kHead), {4}, {{0, 2}}),
       AsSlice(MakeInput("v", DType::kInt32, {2}, kTail), {4}, {{2, 2}})});
  writer_.Add({MakeInput("b", DType::kInt64, {}, kSeven),
               MakeInput("a", DType::kFloat, {2}, kOneTwo)});
  writer_.Finish();
  const std::string file = folder_.Read("m");
  EXPECT_EQ(file.size(), 269u);
  EXPECT_EQ(ToHex(AsBytes(file).first(64)),
            "00003d"
            "0a3b0a0f0a01611204120208021801220"
            "20a000a090a0162120018092200"
            "0a190a01761204120208041803"
            "22040a02100222060a040802100212020801");
}

TEST_F(V1WriterTest, NothingIsThereBeforeFinish) {
  writer_.Add({MakeInput("a", DType::kFloat, {2}, kOneTwo)});
  EXPECT_TRUE(folder_.Names().empty());
}

TEST_F(V1WriterTest, WhatIsRefusedLeavesNothingBehind) {
  const TensorInput whole = MakeInput("a", DType::kFloat, {2}, kOneTwo);
  const TensorInput part =
      AsSlice(MakeInput("v", DType::kInt32, {2}, kHead), {4}, {{0, 2}});
  TensorInput other = part;
  other.placement = Placement{{5}, {{2, 2}}};
  writer_.Add({whole, part});
  EXPECT_THAT(Refusal(&writer_, whole, ErrorKind::kInvalid),
              HasSubstr("tensor 'a': the same name"));
  EXPECT_THAT(Refusal(&writer_, other, ErrorKind::kInvalid),
              HasSubstr("another of [5]"));
  const std::vector<std::uint16_t> bits(2);
  EXPECT_THAT(
      Refusal(&writer_, MakeInput("h", DType::kBfloat16, {2}, bits),
              ErrorKind::kUnsupported),
      HasSubstr("no field for values of dtype bfloat16; write format v2"));
  writer_.Finish();
  EXPECT_EQ(folder_.Names(), std::set<std::string>{"m"});
}

TEST_F(V1WriterTest, TensorOverTwoGibibytesIsRefusedBeforeItIsRead) {
  TensorInput input = MakeInput("a", DType::kFloat, {1 << 29}, kOneTwo);
  EXPECT_THAT(Refusal(&writer_, input, ErrorKind::kUnsupported),
              HasSubstr("add slices, or write format v2"));
}

TEST_F(V1WriterTest, OverlapIsRefusedAtTheEnd) {
  writer_.Add(
      {AsSlice(MakeInput("v", DType::kInt32, {2}, kHead), {4}, {{0, 2}}),
       AsSlice(MakeInput("v", DType::kInt32, {2}, kTail), {4}, {{1, 2}})});
  EXPECT_THROW(writer_.Finish(), Error);
  EXPECT_TRUE(folder_.Names().empty());
}

TEST_F(V1WriterTest, IsOfNoMoreUseWhenFinished) {
  writer_.Finish();
  EXPECT_THROW(writer_.Finish(), Error);
  EXPECT_THROW(writer_.Add({}), Error);
}

TEST_F(V1WriterTest, TakesAV2CheckpointOfThePrefixAway) {
  BundleWriter old(folder_.Path("m"), {});
  old.Add({MakeInput("a", DType::kFloat, {2}, kOneTwo)});
  old.Finish();
  writer_.Add({MakeInput("a", DType::kFloat, {2}, kOneTwo)});
  writer_.Finish();
  EXPECT_EQ(folder_.Names(), std::set<std::string>{"m"});
}

}  // namespace
}  // namespace fastckpt::internal::v1_writer_test
