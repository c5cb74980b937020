// Slices, shapes and placements against models that count every element.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fastckpt/tensor/slice.h"
#include "fastckpt/tensor/tensor_input.h"
#include "testing/hex.h"
#include "testing/inputs.h"
#include "testing/random.h"
#include "testing/refusal.h"

namespace fastckpt::internal::slice_model_test {
namespace {

using ::testing::HasSubstr;

using Vector = std::vector<std::int64_t>;
using Wide = unsigned __int128;

constexpr std::int64_t kMin = INT64_MIN;
constexpr std::int64_t kMax = INT64_MAX;

// The elements of a box, each by its place in C order of the whole.
std::set<std::int64_t> ElementsOf(const Box& box, const Vector& full) {
  std::set<std::int64_t> places = {0};
  for (std::size_t d = 0; d < full.size(); ++d) {
    std::set<std::int64_t> next;
    for (const std::int64_t place : places) {
      for (std::int64_t i = 0; i < box.extent[d]; ++i) {
        next.insert(place * full[d] + box.begin[d] + i);
      }
    }
    places = std::move(next);
  }
  return places;
}

Box AnyBox(const Vector& full, Random* random) {
  Box box;
  for (const std::int64_t dim : full) {
    box.begin.push_back(random->Between(0, dim - 1));
    box.extent.push_back(random->Between(1, dim - box.begin.back()));
  }
  return box;
}

Vector AnyShape(Random* random) {
  Vector full(random->Below(4));
  for (std::int64_t& dim : full) dim = random->Between(1, 5);
  return full;
}

TEST(SliceModel, AnExtentIsInsideExactlyWhereItsElementsAre) {
  const std::int64_t numbers[] = {kMin, -2, -1, 0, 1, 2, 3, 4, kMax - 1, kMax};
  for (const std::int64_t dim : {0, 1, 3}) {
    for (const std::int64_t start : numbers) {
      for (const std::int64_t length : numbers) {
        const bool is_whole = length == -1 && start == 0;
        const bool is_inside = start >= 0 && length >= 1 && start <= dim &&
                               Wide(start) + Wide(length) <= Wide(dim);
        std::optional<Box> box;
        const std::string refusal = CorruptionOf([&] {
          box = ResolveSlice({{start, length}}, Vector{dim});
        });
        ASSERT_EQ(refusal == "accepted", is_whole || is_inside)
            << start << "," << length << " of " << dim;
        if (!box) {
          EXPECT_THAT(refusal, HasSubstr("lies outside a dimension of " +
                                         std::to_string(dim)));
          continue;
        }
        EXPECT_EQ(box->begin[0], start);
        EXPECT_EQ(box->extent[0], is_whole ? dim : length);
      }
    }
  }
}

TEST(SliceModel, EachDimensionIsResolvedByItself) {
  Random random(80);
  for (int i = 0; i < 500; ++i) {
    const Vector full = AnyShape(&random);
    const Box box = AnyBox(full, &random);
    SliceSpec spec;
    for (std::size_t d = 0; d < full.size(); ++d) {
      const bool is_whole = box.extent[d] == full[d] && random.OneIn(2);
      spec.push_back(is_whole ? Extent{} : Extent{box.begin[d], box.extent[d]});
    }
    const Box resolved = ResolveSlice(spec, full);
    EXPECT_EQ(resolved.begin, box.begin);
    EXPECT_EQ(resolved.extent, box.extent);
  }
}

TEST(SliceModel, BoxesOverlapWhereTheyShareAnElement) {
  Random random(81);
  for (int i = 0; i < 3000; ++i) {
    const Vector full = AnyShape(&random);
    const Box a = AnyBox(full, &random);
    const Box b = AnyBox(full, &random);
    const std::set<std::int64_t> in_a = ElementsOf(a, full);
    const std::set<std::int64_t> in_b = ElementsOf(b, full);
    const bool share = std::ranges::any_of(
        in_a, [&](std::int64_t place) { return in_b.contains(place); });
    EXPECT_EQ(Overlaps(a, b), share);
    EXPECT_EQ(Overlaps(b, a), share);
    EXPECT_EQ(FindOverlap({a, b}).has_value(), share);
  }
}

SliceSpec AnySpec(Random* random) {
  SliceSpec spec(random->Below(3));
  for (Extent& extent : spec) {
    if (random->OneIn(3)) continue;
    extent.start = static_cast<std::int64_t>(random->Magnitude());
    extent.length = static_cast<std::int64_t>(random->Magnitude());
  }
  return spec;
}

TEST(SliceModel, KeysOfAnySlicesComeBackAndNoCutOfThem) {
  Random random(82);
  for (int i = 0; i < 1000; ++i) {
    const std::string name = random.Word(6);
    const SliceSpec spec = AnySpec(&random);
    const std::string key = SliceKey(name, spec);
    EXPECT_EQ(key, SliceKeyPrefix(name) + SliceKeySuffix(spec));
    std::string parsed_name;
    SliceSpec parsed;
    ASSERT_TRUE(ParseSliceKey(key, &parsed_name, &parsed));
    EXPECT_EQ(parsed_name, name);
    EXPECT_EQ(parsed, spec);
    const std::string cut = key.substr(0, random.Below(key.size()));
    EXPECT_FALSE(ParseSliceKey(cut, &parsed_name, &parsed));
    EXPECT_FALSE(ParseSliceKey(key + random.Bytes(1), &parsed_name, &parsed));
  }
}

// A key has one reading: what parses is written with the same bytes.
TEST(SliceModel, WhateverParsesAsAKeyIsThatKey) {
  Random random(83);
  for (int i = 0; i < 20000; ++i) {
    std::string key = SliceKey(random.Word(3), AnySpec(&random));
    key[random.Below(key.size())] ^= static_cast<char>(1u << random.Below(8));
    std::string name;
    SliceSpec spec;
    if (!ParseSliceKey(key, &name, &spec)) continue;
    EXPECT_EQ(SliceKey(name, spec), key) << ToHex(AsBytes(key));
  }
}

TEST(SliceModel, KeysSortByNameThenRankThenExtents) {
  Random random(84);
  for (int i = 0; i < 3000; ++i) {
    const std::string a = random.Word(2);
    const std::string b = random.OneIn(2) ? a : random.Word(2);
    const SliceSpec of_a = AnySpec(&random);
    const SliceSpec of_b = AnySpec(&random);
    const auto order = [](const std::string& name, const SliceSpec& spec) {
      return std::tuple(name, spec.size(), spec);
    };
    EXPECT_EQ(SliceKey(a, of_a) < SliceKey(b, of_b),
              order(a, of_a) < order(b, of_b));
  }
}

TEST(SliceModel, RanksEndWhereTensorFlowsEnd) {
  for (const std::size_t rank : {64u, 253u, 254u, 255u}) {
    std::string name;
    SliceSpec spec;
    EXPECT_EQ(ParseSliceKey(SliceKey("v", SliceSpec(rank)), &name, &spec),
              rank <= 254)
        << rank;
  }
}

// Counts of elements and bytes as integers without an end give them.
TEST(ShapeModel, CountsAreTheProductsOrRefused) {
  Random random(85);
  for (int i = 0; i < 5000; ++i) {
    Vector dims(random.Below(5));
    for (std::int64_t& dim : dims) {
      dim = static_cast<std::int64_t>(random.Magnitude() >> 1);
      if (random.OneIn(8)) dim = 0;
    }
    const auto dtype = static_cast<DType>(1 + random.Below(kMaxDType));
    Wide product = 1;  // without the zeros, which excuse nothing
    bool fits = true;
    for (const std::int64_t dim : dims) {
      if (dim != 0 && fits) product *= Wide(dim);
      fits = fits && product <= Wide(kMax);
    }
    const bool is_empty = std::ranges::count(dims, 0) > 0;
    std::optional<std::uint64_t> count;
    CorruptionOf([&] { count = ElementCount(dims); });
    ASSERT_EQ(count.has_value(), fits) << FormatShape(dims);
    const Wide bytes = fits ? product * ElementSize(dtype) : 0;
    std::optional<std::uint64_t> size;
    CorruptionOf([&] { size = ByteCount(dims, dtype); });
    ASSERT_EQ(size.has_value(), fits && bytes <= Wide(kMax));
    if (count) {
      EXPECT_EQ(*count, is_empty ? 0 : static_cast<std::uint64_t>(product));
    }
    if (size) {
      EXPECT_EQ(*size, is_empty ? 0 : static_cast<std::uint64_t>(bytes));
    }
  }
}

TEST(ShapeModel, StridesReachEachElementOnce) {
  Random random(86);
  for (int i = 0; i < 300; ++i) {
    const Vector full = AnyShape(&random);
    const Vector strides = ContiguousStrides(full, 4);
    std::set<std::int64_t> places = {0};
    for (std::size_t d = 0; d < full.size(); ++d) {
      std::set<std::int64_t> next;
      for (const std::int64_t place : places) {
        for (std::int64_t at = 0; at < full[d]; ++at) {
          next.insert(place + at * strides[d]);
        }
      }
      places = std::move(next);
    }
    EXPECT_EQ(places.size(), ElementCount(full));
    EXPECT_EQ(*places.rbegin(),
              4 * (static_cast<std::int64_t>(ElementCount(full)) - 1));
  }
}

// A part is accepted exactly where it fits; what is accepted also resolves.
TEST(PlacementModel, APartFitsWhereItsSliceDoesAndHasItsShape) {
  const std::vector<float> values(1);
  for (const std::int64_t full : {0, 1, 3}) {
    for (std::int64_t part = 0; part < 5; ++part) {
      for (std::int64_t start = -1; start < 5; ++start) {
        for (std::int64_t length = -2; length < 5; ++length) {
          const TensorInput input =
              AsSlice(MakeInput("w", DType::kFloat, {part}, values), {full},
                      {{start, length}});
          const bool is_whole = length == -1 && start == 0 && part == full;
          const bool is_part = length == part && part > 0 && start >= 0 &&
                               start + length <= full;
          const std::string refusal =
              Refusal(ErrorKind::kInvalid, [&] { CheckInput(input); });
          ASSERT_EQ(refusal == "accepted", is_whole || is_part)
              << part << " at " << start << "," << length << " of " << full;
          if (refusal != "accepted") {
            EXPECT_THAT(refusal, HasSubstr("tensor 'w': a part of shape"));
            continue;
          }
          const Box box = ResolveSlice(input.placement->spec, Vector{full});
          EXPECT_EQ(box.extent[0], part);
          EXPECT_EQ(input.placement->IsWhole(), part == full);
        }
      }
    }
  }
}

TEST(PlacementModel, SlicesAreDisjointUnlessTwoShareAnElement) {
  Random random(87);
  for (int i = 0; i < 1000; ++i) {
    const Vector full = {4, 3};
    std::vector<SliceSpec> specs(random.Below(5));
    std::vector<std::int64_t> places;
    for (SliceSpec& spec : specs) {
      const Box box = AnyBox(full, &random);
      for (std::size_t d = 0; d < 2; ++d) {
        spec.push_back({box.begin[d], box.extent[d]});
      }
      std::ranges::copy(ElementsOf(box, full), std::back_inserter(places));
    }
    const std::set<std::int64_t> distinct(places.begin(), places.end());
    const std::string refusal =
        Refusal(ErrorKind::kInvalid, [&] { CheckDisjoint(full, specs); });
    EXPECT_EQ(refusal == "accepted", distinct.size() == places.size());
    if (refusal != "accepted") {
      EXPECT_THAT(refusal, HasSubstr("overlap"));
    }
  }
}

TEST(PlacementModel, SlicesOfOneTensorAgreeInDtypeAndEveryDimension) {
  const Vector shapes[] = {{}, {2}, {3}, {2, 3}, {3, 2}, {2, 3, 1}};
  for (const Vector& a : shapes) {
    for (const Vector& b : shapes) {
      for (const DType dtype : {DType::kFloat, DType::kInt32}) {
        const std::string refusal = Refusal(ErrorKind::kInvalid, [&] {
          CheckAlike(DType::kFloat, a, dtype, b);
        });
        EXPECT_EQ(refusal == "accepted", a == b && dtype == DType::kFloat);
        if (dtype == DType::kInt32) {
          EXPECT_THAT(refusal, HasSubstr("float32, another of int32"));
        } else if (a != b) {
          EXPECT_THAT(refusal, HasSubstr(FormatShape(a) + ", another of " +
                                         FormatShape(b)));
        }
      }
    }
  }
}

// Items of the wrong size are refused for every dtype with array bytes.
TEST(PlacementModel, ItemsHaveTheirDtypesSize) {
  for (std::int32_t number = 1; number <= kMaxDType; ++number) {
    const auto dtype = static_cast<DType>(number);
    if (ElementSize(dtype) == 0) continue;
    for (std::size_t size = 1; size <= 16; ++size) {
      TensorInput input;
      input.name = "w";
      input.dtype = dtype;
      StridedArray array;
      array.item_size = size;
      input.values = array;
      EXPECT_EQ(Refusal(ErrorKind::kInvalid, [&] { CheckInput(input); }) ==
                    "accepted",
                size == ElementSize(dtype))
          << DTypeName(dtype) << " " << size;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::slice_model_test
