// What is right is for moments_test.cc and bin_counts_test.cc to say, which go
// through all routines; here, that there are some, and for which types.
#include "fastckpt/codec/lanes.h"

#include <gtest/gtest.h>

#include <string>

namespace fastckpt::internal::lanes_test {
namespace {

TEST(LanesTest, PortableRoutinesAreTheLast) {
  ASSERT_FALSE(AvailableLanes().empty());
  EXPECT_EQ(std::string(AvailableLanes().back().name), "portable");
}

TEST(LanesTest, TypesOfOneByteAndComplexNumbersHaveNone) {
  for (const LaneRoutines& routines : AvailableLanes()) {
    for (const DType dtype : {DType::kFloat, DType::kHalf, DType::kQint32,
                              DType::kUint64, DType::kBfloat16}) {
      EXPECT_NE(routines.Find(dtype), nullptr) << DTypeName(dtype);
    }
    for (const DType dtype : {DType::kInt8, DType::kBool, DType::kComplex64,
                              DType::kString, DType::kInvalid}) {
      EXPECT_EQ(routines.Find(dtype), nullptr) << DTypeName(dtype);
    }
  }
}

TEST(LanesTest, EveryFormWidensEveryCountOfNumbers) {
  for (const LaneRoutines& routines : AvailableLanes()) {
    std::int32_t numbers[33];
    for (int i = 0; i < 33; ++i) numbers[i] = i * 1000 - 7;
    for (std::size_t count = 0; count <= 33; ++count) {
      double wide[34] = {};
      routines.Find(DType::kInt32)
          ->widen(reinterpret_cast<const std::uint8_t*>(numbers), count, wide);
      for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(wide[i], numbers[i]);
      EXPECT_EQ(wide[count], 0);
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::lanes_test
