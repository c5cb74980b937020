#include "fastckpt/tensor/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/refusal.h"

namespace fastckpt::internal::shape_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Vector = std::vector<std::int64_t>;

TEST(Shape, CountsElementsAndBytes) {
  EXPECT_EQ(ElementCount(Vector{}), 1u);
  EXPECT_EQ(ElementCount(Vector{2, 3, 4}), 24u);
  EXPECT_EQ(ElementCount(Vector{2, 0, 4}), 0u);
  EXPECT_EQ(ByteCount(Vector{2, 3}, DType::kComplex128), 96u);
  EXPECT_EQ(ByteCount(Vector{}, DType::kInt4), 1u);
  EXPECT_EQ(ByteCount(Vector{5}, DType::kString), 0u);
}

TEST(Shape, LargestCountsFit) {
  EXPECT_EQ(ElementCount(Vector{INT64_MAX}), std::uint64_t{INT64_MAX});
  EXPECT_EQ(ByteCount(Vector{INT64_MAX}, DType::kInt8),
            std::uint64_t{INT64_MAX});
}

TEST(Shape, NegativeDimensionsAreCorrupt) {
  EXPECT_THAT(CorruptionOf([] {
                ElementCount(Vector{2, -1});
              }),
              HasSubstr("shape [2,-1] has a negative dimension"));
  EXPECT_NE(CorruptionOf([] {
              ElementCount(Vector{0, INT64_MIN});
            }),
            "accepted");
}

TEST(Shape, ProductsThatOverflowAreCorrupt) {
  const Vector shapes[] = {{1LL << 32, 1LL << 31},
                           {1LL << 32, 1LL << 32},
                           {INT64_MAX, 2},
                           {INT64_MAX, INT64_MAX, INT64_MAX}};
  for (const Vector& dims : shapes) {
    EXPECT_THAT(CorruptionOf([&] { ElementCount(dims); }),
                HasSubstr("more than 2^63-1 elements"));
  }
}

// 2^32 * 2^32 is 0 in 64 bits, and a zero would make any product fit.
TEST(Shape, ZeroHidesNoOverflow) {
  EXPECT_NE(CorruptionOf([] {
              ElementCount(Vector{0, 1LL << 32, 1LL << 32});
            }),
            "accepted");
  EXPECT_NE(CorruptionOf([] {
              ElementCount(Vector{1LL << 32, 1LL << 32, 0});
            }),
            "accepted");
}

TEST(Shape, ByteCountsThatOverflowAreCorrupt) {
  EXPECT_THAT(
      CorruptionOf([] { ByteCount(Vector{1LL << 61}, DType::kFloat); }),
      HasSubstr("shape [2305843009213693952] of float32 has more than 2^63-1"));
  EXPECT_NE(
      CorruptionOf([] { ByteCount(Vector{1LL << 60}, DType::kComplex128); }),
      "accepted");
}

TEST(Shape, RankIsBoundedByNumpyThenByTensorFlow) {
  CheckRank(0);
  CheckRank(64);
  for (const std::size_t rank : {65u, 254u}) {
    EXPECT_THAT(UnsupportedOf([&] { CheckRank(rank); }),
                HasSubstr(std::to_string(rank) + " dimensions"));
  }
  EXPECT_THAT(CorruptionOf([] { CheckRank(255); }), HasSubstr("more than 254"));
}

TEST(Shape, StridesAreThoseOfCOrder) {
  EXPECT_THAT(ContiguousStrides(Vector{2, 3, 4}, 8), ElementsAre(96, 32, 8));
  EXPECT_THAT(ContiguousStrides(Vector{}, 8), ElementsAre());
  EXPECT_THAT(ContiguousStrides(Vector{2, 0, 4}, 1), ElementsAre(4, 4, 1));
}

TEST(Shape, FormatIsTensorFlows) {
  EXPECT_EQ(FormatShape(Vector{}), "[]");
  EXPECT_EQ(FormatShape(Vector{2, 3}), "[2,3]");
}

}  // namespace
}  // namespace fastckpt::internal::shape_test
