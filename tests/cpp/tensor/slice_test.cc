#include "fastckpt/tensor/slice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "testing/hex.h"
#include "testing/refusal.h"

namespace fastckpt::internal::slice_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Vector = std::vector<std::int64_t>;
using Pair = std::pair<std::size_t, std::size_t>;

constexpr Extent kWhole = {0, -1};

struct KeyCase {
  std::string name;
  SliceSpec spec;
  const char* key;
};

// Vectors of FORMAT section 13, all but the last two written by TensorFlow.
const KeyCase kKeys[] = {
    {"v", {{0, 2}, kWhole}, "0076000101028082807f"},
    {"v", {{2, 2}, kWhole}, "0076000101028282807f"},
    {"v", {{0, 2}}, "0076000101018082"},
    {"a", {kWhole}, "006100010101807f"},
    {"b", {}, "0062000100"},
    {std::string("x\0y\xff", 4),
     {{10000, 300}},
     "007800ff79ff0000010101e02710c12c"},
    {"", {{10000, 300}}, "0000010101e02710c12c"},
    {"\xff", {{10000, 300}}, "00ff0000010101e02710c12c"},
    {"", {}, "00000100"},
    {"v", {{0, 2}, {0, 2}}, "00760001010280828082"},
};

TEST(Slice, KeysAreTensorFlowsAndParseBack) {
  for (const KeyCase& test : kKeys) {
    const std::string key = SliceKey(test.name, test.spec);
    EXPECT_EQ(ToHex(AsBytes(key)), test.key);
    std::string name = "before";
    SliceSpec spec = {{7, 7}};
    ASSERT_TRUE(ParseSliceKey(key, &name, &spec));
    EXPECT_EQ(name, test.name);
    EXPECT_EQ(spec, test.spec);
  }
}

TEST(Slice, CutAndLongerKeysAreNone) {
  for (const KeyCase& test : kKeys) {
    const std::string key = SliceKey(test.name, test.spec);
    std::string name;
    SliceSpec spec;
    for (std::size_t size = 0; size < key.size(); ++size) {
      EXPECT_FALSE(ParseSliceKey(key.substr(0, size), &name, &spec)) << size;
    }
    EXPECT_FALSE(ParseSliceKey(key + '\0', &name, &spec));
  }
}

TEST(Slice, NamesOfTensorsAreNoSliceKeys) {
  std::string name;
  SliceSpec spec;
  EXPECT_FALSE(ParseSliceKey("w", &name, &spec));
  EXPECT_FALSE(ParseSliceKey(std::string("\0w", 2), &name, &spec));
  // A first number that is not 0; more dimensions than TensorFlow has.
  EXPECT_FALSE(ParseSliceKey(FromHex("010176000100"), &name, &spec));
  EXPECT_FALSE(ParseSliceKey(FromHex("0076000101ff"), &name, &spec));
  EXPECT_FALSE(
      ParseSliceKey(FromHex("0076000108ffffffffffffffff"), &name, &spec));
}

TEST(Slice, ResolvesWholeAndGivenExtents) {
  const Box box = ResolveSlice({{1, 2}, kWhole, {0, 4}}, Vector{3, 5, 4});
  EXPECT_THAT(box.begin, ElementsAre(1, 0, 0));
  EXPECT_THAT(box.extent, ElementsAre(2, 5, 4));
  EXPECT_THAT(ResolveSlice({kWhole}, Vector{0}).extent, ElementsAre(0));
  EXPECT_TRUE(ResolveSlice({}, Vector{}).begin.empty());
}

TEST(Slice, RankMustBeTheTensors) {
  EXPECT_THAT(CorruptionOf([] {
                ResolveSlice({kWhole}, Vector{2, 3});
              }),
              HasSubstr("slice - of rank 1 in a tensor of shape [2,3]"));
}

// TensorFlow writes before or behind the result for some of these.
TEST(Slice, ExtentsOutsideTheDimensionAreRefused) {
  const Extent wrong[] = {{-1, 1},
                          {0, 5},
                          {4, 1},
                          {3, 2},
                          {0, 0},
                          {0, -2},
                          {1, -1},
                          {INT64_MIN, 1},
                          {INT64_MAX, 1},
                          {1, INT64_MAX},
                          {-1, INT64_MIN},
                          {0, INT64_MIN},
                          {INT64_MAX, INT64_MAX}};
  for (const Extent& extent : wrong) {
    EXPECT_THAT(CorruptionOf([&] { ResolveSlice({extent}, Vector{4}); }),
                HasSubstr("lies outside a dimension of 4"));
  }
  EXPECT_NE(CorruptionOf([] {
              ResolveSlice({{0, 1}}, Vector{0});
            }),
            "accepted");
}

TEST(Slice, FormatIsTensorFlowsSpelling) {
  EXPECT_EQ(FormatSlice({{0, 2}, kWhole}), "0,2:-");
  EXPECT_EQ(FormatSlice({}), "");
}

// Cuts [0, size) at `cuts` random places.
Vector RandomCuts(std::mt19937* random, std::int64_t size, std::size_t cuts) {
  std::set<std::int64_t> places = {0, size};
  std::uniform_int_distribution<std::int64_t> inside(1, size - 1);
  while (places.size() < cuts + 2) places.insert(inside(*random));
  return {places.begin(), places.end()};
}

// All boxes between the cuts of each dimension, in random order.
std::vector<Box> Grid(const std::vector<Vector>& cuts, std::mt19937* random) {
  std::vector<Box> boxes(1);
  for (const Vector& places : cuts) {
    std::vector<Box> next;
    for (const Box& box : boxes) {
      for (std::size_t i = 0; i + 1 < places.size(); ++i) {
        next.push_back(box);
        next.back().begin.push_back(places[i]);
        next.back().extent.push_back(places[i + 1] - places[i]);
      }
    }
    boxes = std::move(next);
  }
  std::shuffle(boxes.begin(), boxes.end(), *random);
  return boxes;
}

TEST(Slice, GridsOfTwentyThousandBoxesAreProvedDisjoint) {
  std::mt19937 random(1);
  const std::vector<std::vector<Vector>> grids = {
      {RandomCuts(&random, 1'000'000, 20'000)},
      {RandomCuts(&random, 5000, 199), RandomCuts(&random, 700, 99)},
      {RandomCuts(&random, 90, 26), RandomCuts(&random, 90, 26),
       RandomCuts(&random, 90, 26)}};
  for (const auto& cuts : grids) {
    const std::vector<Box> boxes = Grid(cuts, &random);
    ASSERT_GT(boxes.size(), 19'000u);
    EXPECT_EQ(FindOverlap(boxes), std::nullopt);
  }
}

TEST(Slice, OneBoxTooLargeInALargeGridIsFound) {
  std::mt19937 random(2);
  std::vector<Box> boxes = Grid(
      {RandomCuts(&random, 5000, 199), RandomCuts(&random, 700, 99)}, &random);
  // One element into its neighbour below, if it has one.
  const auto inner = std::find_if(boxes.begin(), boxes.end(), [](const Box& b) {
    return b.begin[0] + b.extent[0] < 5000;
  });
  ++inner->extent[0];
  const auto pair = FindOverlap(boxes);
  ASSERT_TRUE(pair);
  EXPECT_LT(pair->first, pair->second);
  EXPECT_TRUE(Overlaps(boxes[pair->first], boxes[pair->second]));
}

// Four bricks round a fifth: no plane cuts between them.
std::vector<Box> Pinwheel(std::int64_t row, std::int64_t column) {
  std::vector<Box> boxes = {{{0, 0}, {1, 2}},
                            {{0, 2}, {2, 1}},
                            {{2, 1}, {1, 2}},
                            {{1, 0}, {2, 1}},
                            {{1, 1}, {1, 1}}};
  for (Box& box : boxes) {
    box.begin[0] += row;
    box.begin[1] += column;
  }
  return boxes;
}

TEST(Slice, PinwheelsThatNoPlaneCutsAreProvedDisjoint) {
  std::vector<Box> boxes;
  for (std::int64_t i = 0; i < 60; ++i) {
    for (std::int64_t j = 0; j < 60; ++j) {
      for (Box& box : Pinwheel(3 * i, 3 * j)) boxes.push_back(std::move(box));
    }
  }
  EXPECT_EQ(FindOverlap(boxes), std::nullopt);
  boxes.push_back({{91, 91}, {1, 1}});
  const auto pair = FindOverlap(boxes);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->second, boxes.size() - 1);
  EXPECT_TRUE(Overlaps(boxes[pair->first], boxes.back()));
}

// The same answer as comparing all pairs, for random boxes that mostly do and
// that mostly do not overlap.
TEST(Slice, FindsAnOverlapExactlyWhenAPairHasOne) {
  std::mt19937 random(3);
  std::size_t disjoint = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::size_t rank = 1 + random() % 3;
    std::vector<Box> boxes(2 + random() % 6);
    for (Box& box : boxes) {
      for (std::size_t i = 0; i < rank; ++i) {
        box.begin.push_back(random() % 8);
        box.extent.push_back(1 + random() % 4);
      }
    }
    bool any = false;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) any |= Overlaps(boxes[i], boxes[j]);
    }
    const auto pair = FindOverlap(boxes);
    ASSERT_EQ(pair.has_value(), any) << round;
    if (pair) {
      ASSERT_TRUE(Overlaps(boxes[pair->first], boxes[pair->second]));
    }
    disjoint += any ? 0 : 1;
  }
  EXPECT_GT(disjoint, 100u);
}

TEST(Slice, SameBoxTwiceIsAnOverlap) {
  const Box box = {{0, 1}, {2, 2}};
  EXPECT_EQ(FindOverlap({box, box}), (Pair{0, 1}));
  EXPECT_EQ(FindOverlap({box}), std::nullopt);
  EXPECT_EQ(FindOverlap({}), std::nullopt);
  const Box scalar = {{}, {}};
  EXPECT_EQ(FindOverlap({scalar, scalar}), (Pair{0, 1}));
}

TEST(Slice, BoxesThatOnlyTouchDoNotOverlap) {
  EXPECT_FALSE(Overlaps({{0, 0}, {2, 2}}, {{2, 0}, {2, 2}}));
  EXPECT_TRUE(Overlaps({{0, 0}, {2, 2}}, {{1, 1}, {2, 2}}));
  EXPECT_FALSE(Overlaps({{0}, {INT64_MAX}}, {{INT64_MAX}, {0}}));
}

}  // namespace
}  // namespace fastckpt::internal::slice_test
