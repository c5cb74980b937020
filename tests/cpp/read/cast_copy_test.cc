#include "fastckpt/read/cast_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "fastckpt/codec/float_cast.h"
#include "fastckpt/read/tensor_source.h"
#include "fastckpt/tensor/plane_copy.h"

namespace fastckpt::internal::cast_copy_test {
namespace {

using ::testing::ElementsAre;
using Vector = std::vector<std::int64_t>;
using Bytes = std::vector<std::uint8_t>;

constexpr DType kTypes[] = {DType::kDouble, DType::kFloat, DType::kHalf,
                            DType::kBfloat16};

Bytes RandomBytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// Copies the piece in ranges of some kilobytes, as who reads it does.
void CopyAll(const CastCopy& copy, const Bytes& piece) {
  constexpr std::size_t kRange = 24 << 10;
  for (std::size_t at = 0; at < piece.size(); at += kRange) {
    copy.CopyRange(at, std::min(piece.size(), at + kRange), &piece[at]);
  }
}

// All of a matrix, dense and transposed, in both byte orders.
TEST(CastCopyTest, NumbersGoToTheirPlacesCast) {
  constexpr std::int64_t kRows = 211;
  constexpr std::int64_t kColumns = 307;
  constexpr std::size_t kCount = kRows * kColumns;
  const Vector dims = {kRows, kColumns};
  for (const DType from : kTypes) {
    for (const DType to : kTypes) {
      if (!CanCast(from, to)) continue;
      const Bytes piece = RandomBytes(kCount * ElementSize(from), 1);
      Bytes swapped = piece;
      SwapUnits(swapped.data(), swapped.size(), ElementSize(from));
      const std::size_t size = ElementSize(to);
      const auto width = static_cast<std::int64_t>(size);
      Bytes expected(kCount * size);
      const std::uint64_t lost =
          CastFloats(from, to, piece.data(), expected.data(), kCount);
      for (const bool is_swapped : {false, true}) {
        for (const bool is_turned : {false, true}) {
          Bytes found(expected.size());
          const Vector strides = is_turned ? Vector{width, width * kRows}
                                           : Vector{width * kColumns, width};
          CastTo target;
          target.dtype = to;
          const auto copy = CastCopy::Make(from, &target, WholeBox(dims), dims,
                                           {found.data(), strides},
                                           is_swapped ? ElementSize(from) : 1);
          ASSERT_TRUE(copy.has_value());
          CopyAll(*copy, is_swapped ? swapped : piece);
          for (std::int64_t i = 0; i < kRows * kColumns; ++i) {
            const std::int64_t at =
                i / kColumns * strides[0] + i % kColumns * strides[1];
            ASSERT_EQ(std::memcmp(&found[static_cast<std::size_t>(at)],
                                  &expected[static_cast<std::size_t>(i) * size],
                                  size),
                      0)
                << DTypeName(from) << " to " << DTypeName(to) << " at " << i;
          }
          EXPECT_EQ(target.lost, lost);
        }
      }
    }
  }
}

// Rows 1 and 2 of a matrix of four.
TEST(CastCopyTest, APieceOfATensorFillsItsPart) {
  const std::vector<float> piece = {1, 2, 3, 1e30f};
  std::vector<std::uint16_t> found(8, 7);
  CastTo target;
  target.dtype = DType::kHalf;
  const auto copy = CastCopy::Make(
      DType::kFloat, &target, {{1, 0}, {2, 2}}, Vector{4, 2},
      {reinterpret_cast<std::uint8_t*>(found.data()), {4, 2}}, 1);
  ASSERT_TRUE(copy.has_value());
  copy->CopyRange(0, 16, reinterpret_cast<const std::uint8_t*>(piece.data()));
  EXPECT_THAT(found, ElementsAre(7, 7, 0x3c00, 0x4000, 0x4200, 0x7c00, 7, 7));
  EXPECT_EQ(target.lost, 1u);
}

TEST(CastCopyTest, AnEmptyPieceHasNone) {
  CastTo target;
  target.dtype = DType::kHalf;
  const Vector dims = {0, 3};
  EXPECT_FALSE(CastCopy::Make(DType::kFloat, &target, WholeBox(dims), dims,
                              {nullptr, {6, 2}}, 1)
                   .has_value());
}

TEST(CastCopyTest, OnlyATypeMakesACast) {
  CastTo none;
  CastTo some;
  some.dtype = DType::kHalf;
  EXPECT_EQ(NullIfNone(nullptr), nullptr);
  EXPECT_EQ(NullIfNone(&none), nullptr);
  EXPECT_EQ(NullIfNone(&some), &some);
}

}  // namespace
}  // namespace fastckpt::internal::cast_copy_test
