#include "fastckpt/tensor/plane_copy.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace fastckpt::internal::plane_copy_test {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes Count(std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

TEST(PlaneCopy, RunsAreGatheredWhicheverStepIsSmaller) {
  Bytes memory = Count(12);
  Bytes file(6);
  // Three columns of memory as two rows, and the other way round.
  Gatherer(file.data(), 0).CopyPlane({memory.data(), 0, 2, 3, 6, 2, 3, 1}, 1);
  EXPECT_EQ(file, (Bytes{0, 2, 4, 6, 8, 10}));
  Gatherer(file.data(), 0).CopyPlane({memory.data(), 0, 2, 3, 2, 4, 3, 1}, 1);
  EXPECT_EQ(file, (Bytes{0, 4, 8, 2, 6, 10}));
}

TEST(PlaneCopy, ScatterUndoesGather) {
  for (const std::uint64_t run : {1U, 2U, 3U, 4U, 8U, 16U, 24U}) {
    const auto step = static_cast<std::int64_t>(run);
    Bytes memory = Count(8 * run);
    const Bytes before = memory;
    const Plane plane{memory.data(), 100, 2, 4, step, 2 * step, 4 * run, run};
    Bytes file(8 * run);
    Gatherer(file.data(), 100).CopyPlane(plane, run);
    EXPECT_NE(file, before) << run;
    memory.assign(memory.size(), 0xee);
    Scatterer(file.data(), 100, 1).CopyPlane(plane, run);
    EXPECT_EQ(memory, before) << run;
  }
}

TEST(PlaneCopy, UnitsAreReversedOnTheWayToMemory) {
  const Bytes file = Count(8);
  Bytes memory(8);
  Scatterer(file.data(), 0, 4)
      .CopyPlane({memory.data(), 0, 1, 2, 0, 4, 0, 4}, 4);
  EXPECT_EQ(memory, (Bytes{3, 2, 1, 0, 7, 6, 5, 4}));
  Scatterer(file.data(), 0, 2).CopyRun(memory.data(), 2, 4);
  EXPECT_EQ(memory, (Bytes{3, 2, 5, 4, 7, 6, 5, 4}));
}

TEST(PlaneCopy, UnitsOfAnySizeAreReversed) {
  for (const std::size_t unit : {1U, 2U, 3U, 4U, 6U, 8U, 12U}) {
    Bytes bytes = Count(24);
    SwapUnits(bytes.data(), bytes.size(), unit);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_EQ(bytes[i], i / unit * unit + (unit - 1 - i % unit)) << unit;
    }
  }
}

}  // namespace
}  // namespace fastckpt::internal::plane_copy_test
