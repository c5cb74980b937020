#include "fastckpt/tensor/tensor_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fastckpt/base/error.h"

namespace fastckpt::internal::tensor_input_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TensorInput Part(std::vector<std::int64_t> dims, std::vector<std::int64_t> full,
                 SliceSpec spec) {
  TensorInput input;
  input.name = "w";
  input.dtype = DType::kFloat;
  input.dims = std::move(dims);
  input.placement = Placement{std::move(full), std::move(spec)};
  StridedArray array;
  array.item_size = 4;
  input.values = array;
  return input;
}

std::string Refusal(const TensorInput& input, ErrorKind kind) {
  try {
    CheckInput(input);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "accepted";
}

TEST(CheckInput, EmptyNameIsRefused) {
  TensorInput input;
  input.dtype = DType::kFloat;
  EXPECT_THAT(Refusal(input, ErrorKind::kInvalid), HasSubstr("needs a name"));
}

TEST(CheckInput, TypesWithoutAStoredFormAreRefused) {
  TensorInput input;
  input.name = "w";
  for (const DType dtype :
       {DType::kInvalid, DType::kResource, DType::kVariant}) {
    input.dtype = dtype;
    EXPECT_THAT(Refusal(input, ErrorKind::kUnsupported),
                HasSubstr("tensor 'w': values of dtype " + DTypeName(dtype)));
  }
}

TEST(CheckInput, ItemsOfAnotherSizeThanTheTypesAreRefused) {
  TensorInput input = Part({4}, {4}, {{}});
  input.dtype = DType::kHalf;
  EXPECT_THAT(Refusal(input, ErrorKind::kInvalid),
              HasSubstr("values of 4 bytes each are none of dtype float16"));
}

TEST(CheckInput, StoredVariantIsPassedOn) {
  TensorInput input;
  input.name = "w";
  input.dtype = DType::kVariant;
  input.values = StoredBytes{};
  CheckInput(input);
}

TEST(CheckInput, SliceThatFitsIsAccepted) {
  CheckInput(Part({2, 3}, {4, 3}, {{2, 2}, {}}));
  CheckInput(Part({2, 0}, {4, 0}, {{2, 2}, {}}));
  CheckInput(Part({}, {}, {}));
}

TEST(CheckInput, SliceThatDoesNotFitIsRefused) {
  const std::vector<TensorInput> parts = {
      Part({2, 3}, {4, 3}, {{3, 2}, {}}),   // ends beyond
      Part({2, 3}, {4, 3}, {{-1, 2}, {}}),  // begins before
      Part({2, 3}, {4, 3}, {{0, 3}, {}}),   // another length than the part
      Part({2, 2}, {4, 3}, {{0, 2}, {}}),   // whole, but not as long
      Part({2, 3}, {4, 3}, {{0, 2}}),       // rank of the slice
      Part({2}, {4, 3}, {{0, 2}, {}}),      // rank of the part
      Part({2}, {4}, {{INT64_MAX, 2}}),     // the end does not fit a number
      Part({0}, {4}, {{1, 0}}),             // no element
  };
  for (const TensorInput& part : parts) {
    EXPECT_THAT(Refusal(part, ErrorKind::kInvalid), HasSubstr("does not fit"));
  }
}

TEST(CheckInput, FullShapeMustBeOne) {
  for (const std::vector<std::int64_t>& full :
       {std::vector<std::int64_t>{-1}, {INT64_MAX, 2}, {0, INT64_MAX, 2}}) {
    EXPECT_THAT(Refusal(Part({1}, full, {{0, 1}}), ErrorKind::kInvalid),
                HasSubstr("full shape"));
  }
}

TEST(ArrayInput, BitsThatTheTypeLacksAreNotStored) {
  StridedArray array;
  array.dims = {3};
  const TensorInput input = ArrayInput("w", DType::kUint2, array);
  EXPECT_EQ(input.name, "w");
  EXPECT_THAT(input.dims, ElementsAre(3));
  EXPECT_EQ(std::get<StridedArray>(input.values).byte_mask, 0x03);
}

TEST(Placement, NothingAsTheBeginIsTheWholeDimension) {
  const Placement placement = PlacementAt({4, 6, 0}, {2, std::nullopt, 0},
                                          std::vector<std::int64_t>{2, 6, 0});
  EXPECT_THAT(placement.full_dims, ElementsAre(4, 6, 0));
  EXPECT_THAT(placement.spec, ElementsAre(Extent{2, 2}, Extent{}, Extent{}));
}

TEST(Placement, BeginOfAnotherRankFitsNoTensor) {
  TensorInput input = Part({2}, {}, {});
  input.placement = PlacementAt({4}, {0, 0}, input.dims);
  EXPECT_THAT(Refusal(input, ErrorKind::kInvalid), HasSubstr("does not fit"));
}

TEST(Placement, WholeIsWholeInEitherSpelling) {
  EXPECT_TRUE((Placement{{4, 3}, {{}, {0, 3}}}.IsWhole()));
  EXPECT_FALSE((Placement{{4, 3}, {{0, 2}, {}}}.IsWhole()));
}

TEST(CheckDisjoint, NamesTheSlicesThatOverlap) {
  CheckDisjoint(std::vector<std::int64_t>{4}, {{{0, 2}}, {{2, 2}}});
  try {
    CheckDisjoint(std::vector<std::int64_t>{4}, {{{0, 3}}, {{2, 2}}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "slices 0,3 and 2,2 overlap");
  }
}

}  // namespace
}  // namespace fastckpt::internal::tensor_input_test
