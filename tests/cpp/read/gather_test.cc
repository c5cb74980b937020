#include "fastckpt/read/gather.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fastckpt/read/bundle_source.h"
#include "fastckpt/read/v1_source.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/threads.h"

namespace fastckpt::internal::gather_test {
namespace {

using ::testing::ElementsAre;
using Ints = std::vector<std::int32_t>;

enum class Format { kV1, kV2 };

struct Way {
  Format format;
  IoMode mode;
};

// int32 "v" [4, 3], stored as two slices of two rows: 1 to 12.
class GatherTest : public ::testing::TestWithParam<Way> {
 protected:
  GatherTest() {
    const std::vector<TensorInput> inputs = {
        AsSlice(MakeInput("v", DType::kInt32, {2, 3}, first_rows_), {4, 3},
                {{0, 2}, {0, -1}}),
        AsSlice(MakeInput("v", DType::kInt32, {2, 3}, last_rows_), {4, 3},
                {{2, 2}, {0, -1}})};
    const std::string path = folder_.Path("m");
    if (GetParam().format == Format::kV1) {
      V1Writer writer(path, /*sync=*/false);
      writer.Add(inputs);
      writer.Finish();
      source_ = std::make_unique<V1Source>(std::vector{path}, GetParam().mode);
    } else {
      BundleWriter writer(path, {});
      writer.Add(inputs);
      writer.Finish();
      source_ =
          std::make_unique<BundleSource>(path, GetParam().mode, UINT64_MAX);
    }
    slot_ = *source_->Find("v");
  }

  // Takes rows, of the columns that `columns` says.
  Ints Rows(std::vector<std::int64_t> ids, const RegionDim& columns) const {
    const auto count = static_cast<std::int64_t>(ids.size());
    Ints found(static_cast<std::size_t>(count * columns.count));
    const GatherRequest request{slot_,
                                {{0, count, 1}, columns},
                                0,
                                std::move(ids),
                                {reinterpret_cast<std::uint8_t*>(found.data()),
                                 {4 * columns.count, 4}}};
    const RunOptions options;
    Gather(*source_, request, CheckRule::kOnce, options)
        .Copy(request.destination, options);
    return found;
  }

  const Folder folder_;
  const Ints first_rows_ = {1, 2, 3, 4, 5, 6};
  const Ints last_rows_ = {7, 8, 9, 10, 11, 12};
  std::unique_ptr<TensorSource> source_;
  std::size_t slot_ = 0;
};

INSTANTIATE_TEST_SUITE_P(EachWay, GatherTest,
                         ::testing::Values(Way{Format::kV1, IoMode::kMap},
                                           Way{Format::kV1, IoMode::kRead},
                                           Way{Format::kV2, IoMode::kMap},
                                           Way{Format::kV2, IoMode::kRead}));

TEST_P(GatherTest, RowsComeInTheOrderOfTheList) {
  EXPECT_THAT(Rows({3, 0, 3}, {0, 3, 1}),
              ElementsAre(10, 11, 12, 1, 2, 3, 10, 11, 12));
  EXPECT_THAT(Rows({1, 2}, {0, 2, 2}), ElementsAre(4, 6, 7, 9));
  EXPECT_TRUE(Rows({}, {0, 3, 1}).empty());
}

TEST_P(GatherTest, RowsOfSlicesAreFoundWhereTheListHasThemTwice) {
  EXPECT_THAT(Rows({2, 1, 2, 1, 1}, {1, 1, 1}), ElementsAre(8, 5, 8, 5, 5));
  EXPECT_THAT(Rows({3, 3}, {0, 2, 2}), ElementsAre(10, 12, 10, 12));
}

TEST_P(GatherTest, ManyThreadsTakeRowsAtOnce) {
  RunTogether(8, [&](std::size_t i) {
    const auto row = static_cast<std::int64_t>(i % 4);
    const Ints found = Rows({row, 0}, {1, 1, 1});
    EXPECT_EQ(found[0], 3 * row + 2);
    EXPECT_EQ(found[1], 2);
  });
}

TEST(GatheredRuns, RunsComeAsAskedAndJoinWhereTheyTouch) {
  const PiecePlace place{"file", 100, 48, {{0, 0}, {4, 3}}};
  const auto runs = [&](std::vector<std::int64_t> ids, RegionDim columns) {
    const auto count = static_cast<std::int64_t>(ids.size());
    std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
    for (const ByteRun& run :
         FindGatheredRuns({place}, {{0, count, 1}, columns}, 0, ids, 4)) {
      found.emplace_back(run.offset, run.size);
    }
    return found;
  };
  using Found = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_THAT(runs({2, 3, 0}, {0, 3, 1}),
              ElementsAre(Found(124, 24), Found(100, 12)));
  EXPECT_THAT(runs({1}, {2, 2, -1}), ElementsAre(Found(120, 4), Found(116, 4)));
  EXPECT_TRUE(runs({}, {0, 3, 1}).empty());
}

}  // namespace
}  // namespace fastckpt::internal::gather_test
