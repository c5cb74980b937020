#include "fastckpt/tensor/strided_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace fastckpt::internal::strided_plan_test {
namespace {

using Bytes = std::vector<std::uint8_t>;

// A random plan over `memory`, and the place in memory of each byte of the file
// form that it takes; -1 for those that it leaves out.
struct Case {
  StridedPlan plan;
  std::vector<std::int64_t> places;
  std::size_t item;
};

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::int64_t Number(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  Case Make(Bytes* memory) {
    const std::size_t item = std::size_t{1} << Number(0, 4);
    std::vector<StridedPlan::Dim> dims;  // inner to outer at first
    std::uint64_t file_step = item;
    auto memory_step = static_cast<std::int64_t>(item);
    for (std::int64_t rank = Number(0, 4); rank > 0; --rank) {
      const auto count = static_cast<std::uint64_t>(Number(1, 5));
      file_step *= static_cast<std::uint64_t>(Number(1, 2));
      memory_step *= Number(1, 2);
      dims.push_back({count, file_step, memory_step});
      file_step *= count;
      memory_step *= static_cast<std::int64_t>(count);
    }
    memory->resize(static_cast<std::size_t>(memory_step));
    Transpose(&dims);
    std::reverse(dims.begin(), dims.end());
    Case made{StridedPlan(memory->data(), item), {}, item};
    made.places.assign(static_cast<std::size_t>(file_step), -1);
    for (const auto& dim : dims) made.plan.AddDim(dim);
    made.plan.Finish();
    Place(dims, 0, 0, 0, &made);
    return made;
  }

 private:
  // Another order in memory: what makes planes.
  void Transpose(std::vector<StridedPlan::Dim>* dims) {
    if (dims->size() < 2 || Number(0, 1) == 0) return;
    auto& a = (*dims)[0];
    auto& b = (*dims)[1];
    const auto item = a.memory_step;
    a.memory_step = item * static_cast<std::int64_t>(b.count);
    b.memory_step = item;
  }

  static void Place(const std::vector<StridedPlan::Dim>& dims, std::size_t i,
                    std::uint64_t offset, std::int64_t place, Case* made) {
    if (i == dims.size()) {
      for (std::size_t byte = 0; byte < made->item; ++byte) {
        made->places[offset + byte] = place + static_cast<std::int64_t>(byte);
      }
      return;
    }
    for (std::uint64_t j = 0; j < dims[i].count; ++j) {
      Place(dims, i + 1, offset + j * dims[i].file_step,
            place + static_cast<std::int64_t>(j) * dims[i].memory_step, made);
    }
  }

  std::mt19937 random_;
};

// Cuts the file form at some items, in order, its ends included.
std::vector<std::uint64_t> Cuts(Maker* maker, const Case& made) {
  const std::uint64_t size = made.places.size();
  std::vector<std::uint64_t> cuts = {0, size};
  for (std::int64_t i = maker->Number(0, 6); i > 0; --i) {
    const auto items = static_cast<std::int64_t>(size / made.item);
    cuts.push_back(static_cast<std::uint64_t>(maker->Number(0, items)) *
                   made.item);
  }
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

TEST(StridedPlan, WhatIsGatheredAndScatteredIsWhatALoopOverBytesCopies) {
  Maker maker(11);
  for (int round = 0; round < 5000; ++round) {
    Bytes memory;
    const Case made = maker.Make(&memory);
    for (auto& byte : memory) {
      byte = static_cast<std::uint8_t>(maker.Number(0, 255));
    }
    Bytes expected(made.places.size(), 0xee);
    Bytes scattered(memory.size(), 0xee);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (made.places[i] < 0) continue;
      const auto place = static_cast<std::size_t>(made.places[i]);
      expected[i] = scattered[place] = memory[place];
    }
    Bytes file(expected.size(), 0xee);
    const std::vector<std::uint64_t> cuts = Cuts(&maker, made);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      made.plan.Gather(cuts[i], cuts[i + 1], file.data() + cuts[i]);
    }
    ASSERT_EQ(file, expected) << round;
    std::fill(memory.begin(), memory.end(), std::uint8_t{0xee});
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      made.plan.Scatter(cuts[i], cuts[i + 1], file.data() + cuts[i], 1);
    }
    ASSERT_EQ(memory, scattered) << round;
  }
}

TEST(StridedPlan, DenseDimensionsAreOneRun) {
  Bytes memory(24);
  StridedPlan plan(memory.data(), 4);
  plan.AddDim({2, 12, 12});
  plan.AddDim({3, 4, 4});
  plan.Finish();
  EXPECT_TRUE(plan.IsOneRun());
  EXPECT_EQ(plan.run_bytes(), 24u);
  EXPECT_EQ(plan.end(), 24u);
}

TEST(StridedPlan, RunsThatLeaveBytesOutEndWithTheLast) {
  Bytes memory(24);
  StridedPlan plan(memory.data(), 4);
  plan.Skip(8, 1, 4);
  plan.AddDim({3, 16, 4});
  plan.Finish();
  EXPECT_FALSE(plan.IsOneRun());
  EXPECT_EQ(plan.begin(), 8u);
  EXPECT_EQ(plan.end(), 44u);
  EXPECT_EQ(plan.run_bytes(), 12u);
  std::vector<std::uint64_t> offsets;
  plan.VisitRuns(0, 44, [&](std::uint64_t offset, std::uint64_t, auto* to) {
    EXPECT_EQ(to, memory.data() + 4 + offsets.size() * 4);
    offsets.push_back(offset);
  });
  EXPECT_EQ(offsets, (std::vector<std::uint64_t>{8, 24, 40}));
}

TEST(StridedPlan, AnEmptyRangeTouchesNothing) {
  StridedPlan plan(nullptr, 4);
  plan.Gather(0, 0, nullptr);
  plan.Scatter(8, 8, nullptr, 1);
}

}  // namespace
}  // namespace fastckpt::internal::strided_plan_test
