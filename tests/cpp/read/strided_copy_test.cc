#include "fastckpt/read/strided_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace fastckpt::internal::strided_copy_test {
namespace {

using Vector = std::vector<std::int64_t>;
using Bytes = std::vector<std::uint8_t>;

// One random question: a piece of a tensor, a region, and where it goes.
struct Case {
  std::size_t item_size;
  std::size_t swap_unit;
  Box box;
  Region region;
  Vector strides;  // of the destination, of either sign
  std::int64_t base;
  std::size_t destination_size;
  Bytes piece;
};

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::int64_t Number(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  Case Make() {
    Case made;
    constexpr std::size_t kSizes[] = {1, 2, 3, 4, 8, 12, 16};
    made.item_size = kSizes[Number(0, 6)];
    made.swap_unit = Number(0, 2) == 0 ? made.item_size : 1;
    if (made.swap_unit > 1 && made.item_size % 8 == 0 && Number(0, 1) == 0) {
      made.swap_unit /= 2;  // as complex numbers are
    }
    const std::int64_t rank = Number(0, 4);
    for (std::int64_t i = 0; i < rank; ++i) AddDim(&made);
    MakeDestination(&made);
    made.piece.resize(Size(made.box.extent) * made.item_size);
    for (auto& byte : made.piece) {
      byte = static_cast<std::uint8_t>(Number(0, 255));
    }
    return made;
  }

 private:
  void AddDim(Case* made) {
    const std::int64_t dim = Number(1, 9);
    const std::int64_t begin = Number(0, dim - 1);
    made->box.begin.push_back(begin);
    made->box.extent.push_back(Number(1, dim - begin));
    RegionDim part;
    part.start = Number(0, dim - 1);
    part.step = Number(1, 3);
    part.count = Number(1, (dim - 1 - part.start) / part.step + 1);
    if (Number(0, 2) == 0) part = {0, dim, 1};
    made->region.push_back(part);
  }

  // Strides of an array of any order of dimensions, with gaps, some negative.
  void MakeDestination(Case* made) {
    std::vector<std::size_t> order(made->region.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (Number(0, 1) == 0) {
      std::shuffle(order.begin(), order.end(), random_);
    } else {
      std::reverse(order.begin(), order.end());
    }
    auto stride = static_cast<std::int64_t>(made->item_size);
    made->strides.resize(order.size());
    made->base = 0;
    const std::int64_t gap = Number(0, 1) * Number(0, 5);
    for (const std::size_t i : order) {
      const std::int64_t count = made->region[i].count;
      made->strides[i] = stride;
      if (Number(0, 3) == 0) {
        made->base += (count - 1) * stride;
        made->strides[i] = -stride;
      }
      stride = stride * count + gap;
    }
    made->destination_size = static_cast<std::size_t>(stride);
  }

  static std::size_t Size(const Vector& extent) {
    std::size_t size = 1;
    for (const std::int64_t dim : extent) size *= static_cast<std::size_t>(dim);
    return size;
  }

  std::mt19937 random_;
};

// Copies element by element; gives how many there were.
std::size_t CopyNaively(const Case& made, std::uint8_t* to) {
  const Vector strides = ContiguousStrides(
      made.box.extent, static_cast<std::size_t>(made.item_size));
  std::size_t count = 0;
  Vector index(made.region.size(), 0);
  while (true) {
    bool is_inside = true;
    std::int64_t from = 0;
    std::int64_t at = made.base;
    for (std::size_t i = 0; i < index.size(); ++i) {
      const RegionDim& dim = made.region[i];
      const std::int64_t place =
          dim.start + index[i] * dim.step - made.box.begin[i];
      is_inside &= place >= 0 && place < made.box.extent[i];
      from += place * strides[i];
      at += index[i] * made.strides[i];
    }
    if (is_inside) {
      ++count;
      for (std::size_t byte = 0; byte < made.item_size; ++byte) {
        const std::size_t unit = byte / made.swap_unit * made.swap_unit;
        const std::size_t swapped = unit + made.swap_unit - 1 - (byte - unit);
        to[at + static_cast<std::int64_t>(byte)] =
            made.piece[static_cast<std::size_t>(from) +
                       (made.swap_unit == 1 ? byte : swapped)];
      }
    }
    std::size_t i = index.size();
    while (i > 0 && ++index[i - 1] == made.region[i - 1].count) index[--i] = 0;
    if (i == 0) return count;
  }
}

// Where the piece is cut: at multiples of the item size.
std::vector<std::uint64_t> Cuts(Maker* maker, const Case& made) {
  const auto items =
      static_cast<std::int64_t>(made.piece.size() / made.item_size);
  std::vector<std::uint64_t> cuts = {0, made.piece.size()};
  for (std::int64_t i = maker->Number(0, 6); i > 0; --i) {
    cuts.push_back(static_cast<std::uint64_t>(maker->Number(0, items)) *
                   made.item_size);
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

std::optional<StridedCopy> MakeCopy(const Case& made, std::uint8_t* memory) {
  return StridedCopy::Make(made.box, made.region,
                           {memory + made.base, made.strides}, made.item_size,
                           made.swap_unit);
}

constexpr int kRounds = 20'000;

TEST(StridedCopy, CopiesWhatALoopOverElementsCopiesHoweverItIsCut) {
  Maker maker(1);
  std::size_t empty = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Case made = maker.Make();
    Bytes expected(made.destination_size, 0xee);
    const std::size_t count = CopyNaively(made, expected.data());
    Bytes found(made.destination_size, 0xee);
    const auto copy = MakeCopy(made, found.data());
    ASSERT_EQ(copy.has_value(), count > 0) << round;
    if (!copy) {
      ++empty;
      continue;
    }
    ASSERT_EQ(copy->run_bytes(), count * made.item_size) << round;
    const std::vector<std::uint64_t> cuts = Cuts(&maker, made);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      // A part of its own, so that a read outside it is one outside memory.
      const Bytes part(
          made.piece.begin() + static_cast<std::ptrdiff_t>(cuts[i]),
          made.piece.begin() + static_cast<std::ptrdiff_t>(cuts[i + 1]));
      copy->CopyRange(cuts[i], cuts[i + 1], part.data());
    }
    ASSERT_EQ(found, expected) << round;
  }
  EXPECT_GT(empty, 100u);
  EXPECT_LT(empty, kRounds / 2);
}

TEST(StridedCopy, VisitedRunsAreTheCopy) {
  Maker maker(2);
  for (int round = 0; round < kRounds / 4; ++round) {
    const Case made = maker.Make();
    Bytes expected(made.destination_size, 0xee);
    CopyNaively(made, expected.data());
    Bytes found(made.destination_size, 0xee);
    const auto copy = MakeCopy(made, found.data());
    if (!copy) continue;
    std::uint64_t bytes = 0;
    const std::vector<std::uint64_t> cuts = Cuts(&maker, made);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      std::uint64_t last = cuts[i];
      copy->VisitRuns(
          cuts[i], cuts[i + 1],
          [&](std::uint64_t offset, std::uint64_t size, std::uint8_t* to) {
            ASSERT_GE(offset, last);
            ASSERT_LE(offset + size, cuts[i + 1]);
            last = offset + size;
            bytes += size;
            copy->CopyRun(to, made.piece.data() + offset, size);
          });
    }
    ASSERT_EQ(bytes, copy->run_bytes()) << round;
    ASSERT_EQ(found, expected) << round;
  }
}

TEST(StridedCopy, BeginAndEndAreThoseOfTheFirstAndTheLastRun) {
  Maker maker(3);
  for (int round = 0; round < kRounds / 4; ++round) {
    const Case made = maker.Make();
    Bytes memory(made.destination_size);
    const auto copy = MakeCopy(made, memory.data());
    if (!copy) continue;
    std::uint64_t first = UINT64_MAX;
    std::uint64_t end = 0;
    copy->VisitRuns(0, made.piece.size(),
                    [&](std::uint64_t offset, std::uint64_t size, auto) {
                      first = std::min(first, offset);
                      end = offset + size;
                    });
    ASSERT_EQ(copy->begin(), first) << round;
    ASSERT_EQ(copy->end(), end) << round;
  }
}

TEST(StridedCopy, WholePieceIsOneRun) {
  std::uint8_t memory[24];
  const Vector dims = {2, 3, 4};
  const auto copy =
      StridedCopy::Make({{0, 0, 0}, dims}, WholeRegion(dims),
                        {memory, ContiguousStrides(dims, 1)}, 1, 1);
  std::size_t runs = 0;
  copy->VisitRuns(0, 24, [&](std::uint64_t, std::uint64_t size, auto) {
    ++runs;
    EXPECT_EQ(size, 24u);
  });
  EXPECT_EQ(runs, 1u);
}

// Behind the piece, before it, and stepping over it.
TEST(StridedCopy, RegionFarOutsideThePieceTakesNothing) {
  const Region far = {{INT64_MAX - 1, 1, 1}};
  EXPECT_FALSE(StridedCopy::Make({{0}, {4}}, far, {nullptr, {1}}, 1, 1));
  const Region before = {{0, 2, 1}};
  EXPECT_FALSE(StridedCopy::Make({{2}, {4}}, before, {nullptr, {1}}, 1, 1));
  const Region between = {{0, 2, 5}};
  EXPECT_FALSE(StridedCopy::Make({{1}, {4}}, between, {nullptr, {1}}, 1, 1));
}

}  // namespace
}  // namespace fastckpt::internal::strided_copy_test
