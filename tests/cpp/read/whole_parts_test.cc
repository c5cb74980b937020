#include "fastckpt/read/whole_parts.h"

#include <gtest/gtest.h>

#include <vector>

#include "fastckpt/read/bundle_source.h"
#include "fastckpt/write/bundle_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"

namespace fastckpt::internal::whole_parts_test {
namespace {

// int32 "v" [4].
class PartsOfWholesTest : public ::testing::Test {
 protected:
  // How many of the regions [begin, end) are parts of what is read in full.
  std::size_t Count(std::vector<Region> regions) const {
    std::vector<WantedRegion> wanted;
    for (const Region& region : regions) wanted.push_back({slot_, &region});
    return PartsOfWholes(source_, wanted).size();
  }

  // Which of the regions are to be checked on the way.
  std::vector<bool> Checked(const std::vector<Region>& regions) const {
    std::vector<WantedRegion> wanted;
    for (const Region& region : regions) wanted.push_back({slot_, &region});
    CheckPartsOfWholes(source_, &wanted);
    std::vector<bool> checked;
    for (const WantedRegion& it : wanted) checked.push_back(it.is_checked);
    return checked;
  }

 private:
  std::string Write() const {
    BundleWriter writer(folder_.Path("m"), {});
    const std::vector<TensorInput> inputs = {
        MakeInput("v", DType::kInt32, {4}, numbers_)};
    writer.Add(inputs);
    writer.Finish();
    return folder_.Path("m");
  }

  const std::vector<std::int32_t> numbers_{1, 2, 3, 4};
  const Folder folder_;
  const BundleSource source_{Write(), IoMode::kMap, UINT64_MAX};
  const std::size_t slot_ = *source_.Find("v");
};

TEST_F(PartsOfWholesTest, AreAllOfATensorTogether) {
  EXPECT_EQ(Count({{{0, 2, 1}}, {{2, 2, 1}}}), 2);
  EXPECT_EQ(Count({{{0, 2, 2}}, {{1, 2, 2}}}), 2);
  EXPECT_EQ(Count({{{0, 1, 1}}, {{1, 1, 1}}, {{2, 1, 1}}, {{3, 1, 1}}}), 4);
}

TEST_F(PartsOfWholesTest, AreNoneWhereSomethingIsNotAskedFor) {
  EXPECT_EQ(Count({{{0, 2, 1}}, {{2, 1, 1}}}), 0);
  EXPECT_EQ(Count({}), 0);
}

TEST_F(PartsOfWholesTest, AreNoneWhereAPartIsAskedForManyTimes) {
  EXPECT_EQ(Count({{{0, 2, 1}}, {{0, 2, 1}}}), 0);
  EXPECT_EQ(Count({{{0, 2, 1}}, {{2, 2, 1}}, {{0, 2, 1}}}), 3);
}

TEST_F(PartsOfWholesTest, AreAloneCheckedOnTheWay) {
  const std::vector<Region> regions = {{{0, 2, 1}}, {{2, 2, 1}}, {{0, 4, 1}}};
  EXPECT_EQ(Checked(regions), (std::vector<bool>{true, true, false}));
}

TEST_F(PartsOfWholesTest, AreNoWholeRegion) {
  EXPECT_EQ(Count({{{0, 4, 1}}}), 0);
  EXPECT_EQ(Count({{{0, 4, 1}}, {{0, 1, 1}}}), 0);
}

}  // namespace
}  // namespace fastckpt::internal::whole_parts_test
