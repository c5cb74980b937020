#include "fastckpt/read/scattered_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace fastckpt::internal::scattered_runs_test {
namespace {

using ::testing::ElementsAre;
using Bytes = std::vector<std::uint8_t>;

Bytes Counting(std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

TEST(ScatteredRuns, ListedRowsGoWhereTheyBelong) {
  const Bytes stored = Counting(12);
  Piece piece;
  piece.memory = stored;
  Bytes to(6);
  ScatteredRuns runs(piece, to.data(), {1, 1});
  runs.AddHits({{8, 0}, {0, 2}, {8, 4}});
  runs.AddDim(2, 1, 1);
  runs.Finish();
  EXPECT_EQ(runs.run_bytes(), 2u);
  EXPECT_EQ(runs.outer_count(), 3);
  CopyRuns({runs}, RunOptions());
  EXPECT_THAT(to, ElementsAre(8, 9, 0, 1, 8, 9));
}

TEST(ScatteredRuns, ListOfAnInnerAxisIsTakenOfEachRow) {
  const Bytes stored = Counting(12);
  Piece piece;
  piece.memory = stored;
  Bytes to(4);
  ScatteredRuns runs(piece, to.data(), {1, 1});
  runs.Skip(4, 0);
  runs.AddDim(2, 4, 2);
  runs.AddHits({{3, 0}, {1, 1}});
  runs.Finish();
  CopyRuns({runs}, RunOptions());
  EXPECT_THAT(to, ElementsAre(7, 5, 11, 9));
}

TEST(ScatteredRuns, UnitsOfTheOtherOrderAreSwapped) {
  const Bytes stored = Counting(8);
  Piece piece;
  piece.memory = stored;
  Bytes to(4);
  ScatteredRuns runs(piece, to.data(), {4, 2});
  runs.AddHits({{4, 0}});
  runs.Finish();
  CopyRuns({runs}, RunOptions());
  EXPECT_THAT(to, ElementsAre(5, 4, 7, 6));
}

TEST(ScatteredRuns, ThreadsCopyAndCountAllOfManyRows) {
  constexpr std::int64_t kRows = 5000;
  const Bytes stored = Counting(256);
  Piece piece;
  piece.memory = stored;
  Bytes to(kRows * 256);
  std::vector<ScatteredRuns::Hit> hits;
  for (std::int64_t i = 0; i < kRows; ++i) hits.push_back({0, i * 256});
  ScatteredRuns runs(piece, to.data(), {1, 1});
  runs.AddHits(std::move(hits));
  runs.AddDim(256, 1, 1);
  runs.Finish();
  Progress progress;
  RunOptions options;
  options.threads = 4;
  options.progress = &progress;
  CopyRuns({runs}, options);
  EXPECT_EQ(progress.done, to.size());
  EXPECT_EQ(progress.total, to.size());
  for (std::size_t i = 0; i < to.size(); ++i) ASSERT_EQ(to[i], i % 256);
}

}  // namespace
}  // namespace fastckpt::internal::scattered_runs_test
