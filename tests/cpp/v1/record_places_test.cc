#include "fastckpt/v1/record_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/saved_slices.h"
#include "fastckpt/tensor/slice.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"

namespace fastckpt::internal::record_places_test {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::vector<float> kValues = {1, 2, 3};
const SliceSpec kWhole = {Extent{}};

// A file of the tensors "w0" to "w99" in one block.
class RecordPlacesTest : public ::testing::Test {
 protected:
  RecordPlacesTest() {
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    std::vector<TensorInput> inputs;
    for (std::size_t i = 0; i < 100; ++i) {
      inputs.push_back(
          MakeInput(Numbered("w", i), DType::kFloat, {3}, kValues));
    }
    writer.Add(inputs);
    writer.Finish();
  }

  const Folder folder_;
};

TEST_F(RecordPlacesTest, FindsTheRecordOfEachKey) {
  const DataFile file(folder_.Path("m"), IoMode::kRead);
  const TableReader table(file, file.size());
  ASSERT_EQ(table.block_count(), 1u);
  BlockScratch scratch;
  const Block block = table.ReadBlock(0, &scratch);
  const RecordPlaces places(table, 0, block);
  for (std::size_t i = 0; i < 100; ++i) {
    const std::string name = Numbered("w", i);
    const auto found = places.Find(SliceKey(name, kWhole), block.contents);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(ParseSavedTensorSlices(found[0]).data.name, name);
  }
  EXPECT_THAT(places.Find(SliceKey("w100", kWhole), block.contents), IsEmpty());
}

TEST_F(RecordPlacesTest, RefusesABlockThatBecameShorter) {
  const DataFile file(folder_.Path("m"), IoMode::kRead);
  const TableReader table(file, file.size());
  BlockScratch scratch;
  const Block block = table.ReadBlock(0, &scratch);
  const RecordPlaces places(table, 0, block);
  EXPECT_THROW(places.Find(SliceKey("w99", kWhole), block.contents.first(20)),
               Error);
}

}  // namespace
}  // namespace fastckpt::internal::record_places_test
