#include "fastckpt/proto/shape_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fastckpt/tensor/shape.h"
#include "testing/hex.h"

namespace fastckpt::internal::shape_message_test {
namespace {

using ::testing::ElementsAre;

TEST(ShapeMessage, DimensionsOverTheLimitAreCountedNotKept) {
  std::string bytes;
  for (std::size_t i = 0; i < 1000; ++i) bytes += FromHex("12020801");
  const ShapeMessage shape = ParseShapeMessage(AsBytes(bytes));
  EXPECT_EQ(shape.rank, 1000u);
  EXPECT_EQ(shape.dims.size(), kMaxRank);
}

TEST(ShapeMessage, UnknownRankIsKept) {
  EXPECT_TRUE(ParseShapeMessage(AsBytes(FromHex("1801"))).unknown_rank);
  EXPECT_FALSE(ParseShapeMessage({}).unknown_rank);
}

TEST(ShapeMessage, DimensionsOfARepeatedMessageFollowTheFirst) {
  ShapeMessage shape = ParseShapeMessage(AsBytes(FromHex("12020802")));
  MergeShape(AsBytes(FromHex("12020803 1801")), &shape);
  EXPECT_THAT(shape.dims, ElementsAre(2, 3));
  EXPECT_EQ(shape.rank, 2u);
  EXPECT_TRUE(shape.unknown_rank);
}

// [], [0, 3], [-1] and an unknown rank.
TEST(ShapeMessage, ShapesAreReadAndWrittenBack) {
  for (const char* hex :
       {"", "120012020803", "120b08ffffffffffffffffff01", "1801"}) {
    const ShapeMessage shape = ParseShapeMessage(AsBytes(FromHex(hex)));
    EXPECT_EQ(ToHex(AsBytes(ShapeBytes(shape))), hex);
  }
}

TEST(ShapeMessage, NamesOfDimensionsAreIgnored) {
  const ShapeMessage shape =
      ParseShapeMessage(AsBytes(FromHex("1205 1201 78 0804")));
  EXPECT_THAT(shape.dims, ElementsAre(4));
}

}  // namespace
}  // namespace fastckpt::internal::shape_message_test
