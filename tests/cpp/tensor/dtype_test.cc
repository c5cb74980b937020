#include "fastckpt/tensor/dtype.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "testing/refusal.h"

namespace fastckpt::internal::dtype_test {
namespace {

using ::testing::HasSubstr;

// FORMAT section 5.3, by number from 1.
constexpr std::size_t kSizes[] = {4, 8, 4, 1, 2, 1, 0,  8, 8, 1, 1,
                                  1, 4, 2, 2, 2, 2, 16, 2, 0, 0, 4,
                                  8, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1};

TEST(DType, EveryTypeHasItsStoredSize) {
  static_assert(std::size(kSizes) == kMaxDType);
  for (std::int32_t number = 1; number <= kMaxDType; ++number) {
    EXPECT_EQ(ElementSize(static_cast<DType>(number)), kSizes[number - 1])
        << number;
  }
}

TEST(DType, NamesAreDistinctAndFindTheirType) {
  std::set<std::string> names;
  for (std::int32_t number = 1; number <= kMaxDType; ++number) {
    const auto dtype = static_cast<DType>(number);
    names.insert(DTypeName(dtype));
    EXPECT_EQ(FindDType(DTypeName(dtype)), dtype);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kMaxDType));
  EXPECT_EQ(DTypeName(DType::kQint8), "qint8");
  EXPECT_EQ(DTypeName(DType::kBfloat16), "bfloat16");
  EXPECT_EQ(DTypeName(DType::kFloat8E4m3b11fnuz), "float8_e4m3b11fnuz");
}

TEST(DType, WhatIsNoTypeHasNoSizeAndSaysItsNumber) {
  for (const std::int32_t number : {-1, 0, 34, 77, 101, INT32_MAX, INT32_MIN}) {
    const auto dtype = static_cast<DType>(number);
    EXPECT_EQ(ElementSize(dtype), 0u);
    EXPECT_EQ(DTypeName(dtype), "unknown(" + std::to_string(number) + ")");
  }
  EXPECT_EQ(FindDType("float33"), DType::kInvalid);
  EXPECT_EQ(FindDType("invalid"), DType::kInvalid);
}

TEST(DType, ComplexNumbersAreSwappedByHalves) {
  EXPECT_EQ(SwapUnit(DType::kComplex64), 4u);
  EXPECT_EQ(SwapUnit(DType::kComplex128), 8u);
  EXPECT_EQ(SwapUnit(DType::kDouble), 8u);
  EXPECT_EQ(SwapUnit(DType::kInt8), 1u);
}

TEST(DType, TypesBelowAByteHaveTheirLowBits) {
  EXPECT_EQ(StoredBits(DType::kInt4), 0x0f);
  EXPECT_EQ(StoredBits(DType::kFloat4E2m1fn), 0x0f);
  EXPECT_EQ(StoredBits(DType::kUint2), 0x03);
  EXPECT_EQ(StoredBits(DType::kBool), 0xff);
  EXPECT_EQ(StoredBits(DType::kDouble), 0xff);
}

TEST(DType, ANameThatIsNoTypesIsUnsupported) {
  EXPECT_EQ(GetDType("bfloat16"), DType::kBfloat16);
  EXPECT_THAT(UnsupportedOf([] { GetDType("datetime64[ns]"); }),
              HasSubstr("values of dtype datetime64[ns] have no form"));
}

TEST(DType, AllButResourceAndVariantAreReadable) {
  for (std::int32_t number = 1; number <= kMaxDType; ++number) {
    const auto dtype = static_cast<DType>(number);
    if (dtype == DType::kResource || dtype == DType::kVariant) {
      EXPECT_THAT(UnsupportedOf([&] { CheckReadable(dtype); }),
                  HasSubstr(DTypeName(dtype)));
    } else {
      CheckReadable(dtype);
    }
  }
}

TEST(DType, NoTypeAndReferencesAreCorruptLaterTypesUnsupported) {
  for (const std::int32_t number : {INT32_MIN, -1, 0, 101, 107, 133}) {
    EXPECT_THAT(
        CorruptionOf([&] { CheckReadable(static_cast<DType>(number)); }),
        HasSubstr("dtype " + std::to_string(number)));
  }
  for (const std::int32_t number : {34, 77, 100, 134, INT32_MAX}) {
    EXPECT_THAT(
        UnsupportedOf([&] { CheckReadable(static_cast<DType>(number)); }),
        HasSubstr("newer than this library"));
  }
}

}  // namespace
}  // namespace fastckpt::internal::dtype_test
