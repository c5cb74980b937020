#include "fastckpt/read/debug_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"

namespace fastckpt::internal::debug_string_test {
namespace {

constexpr float kValues[24] = {};

TensorInput Floats(const std::string& name, std::vector<std::int64_t> dims) {
  StridedArray array;
  array.data = reinterpret_cast<const std::uint8_t*>(kValues);
  array.dims = dims;
  array.strides = ContiguousStrides(dims, sizeof(float));
  array.item_size = sizeof(float);
  return {name, DType::kFloat, std::move(dims), std::nullopt, std::move(array)};
}

TensorInput Half(const std::string& name, std::int64_t begin) {
  TensorInput input = Floats(name, {2, 6});
  input.placement = Placement{{4, 6}, {{begin, 2}, {0, -1}}};
  return input;
}

std::vector<TensorInput> SlicedAndPlain() {
  return {Half("part", 0), Half("part", 2), Floats("plain", {})};
}

std::string Path(const std::string& name) {
  return testing::TempDir() + "debug_string_" + name;
}

template <typename Writer>
void Write(Writer writer, const std::vector<TensorInput>& inputs) {
  writer.Add(inputs);
  writer.Finish();
}

TEST(DebugString, NamesThePartsOfAPartitionedTensorByTheirKeys) {
  const std::string prefix = Path("v2");
  Write(BundleWriter(prefix, {}), SlicedAndPlain());
  const std::string first("\0part\0\1\1\2\x80\x82\x80\x7f", 13);
  const std::string second("\0part\0\1\1\2\x82\x82\x80\x7f", 13);
  EXPECT_EQ(DebugString(BundleIndex(prefix + ".index", 1 << 20)),
            first + " (DT_FLOAT) [2,6]\n" + second +
                " (DT_FLOAT) [2,6]\nplain (DT_FLOAT) []\n");
}

TEST(DebugString, CountsThePartsOfAPartitionedTensorOfV1) {
  const std::string path = Path("v1");
  Write(V1Writer(path, false), SlicedAndPlain());
  const std::string lines = DebugString(V1Reader({path}, IoMode::kRead));
  EXPECT_THAT(lines, testing::HasSubstr("part (DT_FLOAT) [4,6], 2 slices\n"));
  EXPECT_THAT(lines, testing::HasSubstr("plain (DT_FLOAT) []\n"));
}

TEST(DebugString, ListsEachTensorOfV1Once) {
  const std::string path = Path("v1_many");
  std::vector<TensorInput> inputs;
  for (int i = 0; i < 300; ++i) {
    inputs.push_back(Floats("w" + std::to_string(i), {3}));
  }
  Write(V1Writer(path, false), inputs);
  const std::string lines = DebugString(V1Reader({path}, IoMode::kRead));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 300);
  for (const TensorInput& input : inputs) {
    EXPECT_THAT(lines, testing::HasSubstr(input.name + " (DT_FLOAT) [3]\n"));
  }
}

}  // namespace
}  // namespace fastckpt::internal::debug_string_test
