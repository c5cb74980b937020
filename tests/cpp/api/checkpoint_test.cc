#include "fastckpt/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include "fastckpt/writer.h"
#include "testing/folder.h"

namespace fastckpt::checkpoint_test {
namespace {

using internal::Folder;
using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
std::span<const std::byte> BytesOf(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

// The kind of the Error that leaves `work`.
template <typename Work>
ErrorKind KindOf(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::kInvalid;
}

// "b" bfloat16 [2], "empty" float [0,3], "s" strings [2,2], "v" float [4,3] in
// two slices of columns, "w" float [2,3].
class ApiCheckpointTest : public ::testing::TestWithParam<Format> {
 protected:
  ApiCheckpointTest() {
    WriterOptions options;
    options.format = GetParam();
    options.sync = false;
    Writer writer(prefix_, options);
    writer.Add("w", DType::kFloat, {2, 3}, BytesOf(w_));
    writer.Add("empty", DType::kFloat, {0, 3}, {});
    if (GetParam() == Format::kV2) {
      writer.Add("b", DType::kBfloat16, {2}, BytesOf(b_));
    }
    writer.AddStrings("s", {2, 2}, strings_);
    const std::vector<float> left = {0, 1, 3, 4, 6, 7, 9, 10};
    const std::vector<float> right = {2, 5, 8, 11};
    writer.AddSlice("v", DType::kFloat, {4, 2}, BytesOf(left), {4, 3}, {0, 0});
    writer.AddSlice("v", DType::kFloat, {4, 1}, BytesOf(right), {4, 3}, {0, 2});
    writer.Finish();
  }

  Folder folder_;
  std::string prefix_ = folder_.Path("m");
  std::vector<float> w_ = {1, 2, 3, 4, 5, 6};
  std::vector<std::uint16_t> b_ = {0x3f80, 0xc000};
  std::vector<std::string> strings_ = {"ab", "", std::string("\0x", 2), "xyz"};
};

TEST_P(ApiCheckpointTest, ListsTensorsInTheOrderOfTheirNames) {
  const auto checkpoint = Checkpoint::Open(prefix_);
  std::vector<std::string> names;
  for (const TensorInfo& tensor : checkpoint.tensors()) {
    names.push_back(tensor.name);
  }
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(names.size(), GetParam() == Format::kV2 ? 5 : 4);
  EXPECT_EQ(checkpoint.format(), GetParam());
  EXPECT_EQ(checkpoint.prefix(), prefix_);
}

TEST_P(ApiCheckpointTest, FindsATensorOrNull) {
  const auto checkpoint = Checkpoint::Open(prefix_);
  const TensorInfo* w = checkpoint.Find("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->dtype, DType::kFloat);
  EXPECT_THAT(w->shape, ElementsAre(2, 3));
  EXPECT_EQ(w->size_bytes, 24);
  EXPECT_EQ(checkpoint.Find("W"), nullptr);
  EXPECT_EQ(checkpoint.Find(""), nullptr);
}

TEST_P(ApiCheckpointTest, ReadsValues) {
  const auto checkpoint = Checkpoint::Open(prefix_);
  EXPECT_EQ(checkpoint.Read<float>("w"), w_);
  EXPECT_TRUE(checkpoint.Read<float>("empty").empty());
}

TEST_P(ApiCheckpointTest, PutsSlicesTogether) {
  std::vector<float> whole(12);
  std::iota(whole.begin(), whole.end(), 0.0f);
  EXPECT_EQ(Checkpoint::Open(prefix_).Read<float>("v"), whole);
}

TEST_P(ApiCheckpointTest, ReadsStrings) {
  EXPECT_EQ(Checkpoint::Open(prefix_).ReadStrings("s"), strings_);
}

TEST_P(ApiCheckpointTest, RefusesAnotherType) {
  const auto checkpoint = Checkpoint::Open(prefix_);
  EXPECT_EQ(KindOf([&] { checkpoint.Read<double>("w"); }), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf([&] { checkpoint.Read<std::uint32_t>("w"); }),
            ErrorKind::kInvalid);
  EXPECT_EQ(KindOf([&] { checkpoint.Read<float>("s"); }), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf([&] { checkpoint.ReadStrings("w"); }), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf([&] { checkpoint.Read<float>("no"); }),
            ErrorKind::kNotFound);
}

TEST_P(ApiCheckpointTest, CopiesIntoMemoryOfExactlyTheSize) {
  const auto checkpoint = Checkpoint::Open(prefix_);
  std::vector<float> out(6);
  checkpoint.ReadInto("w", std::as_writable_bytes(std::span(out)));
  EXPECT_EQ(out, w_);
  out.resize(7);
  EXPECT_EQ(KindOf([&] {
              checkpoint.ReadInto("w", std::as_writable_bytes(std::span(out)));
            }),
            ErrorKind::kInvalid);
}

TEST_P(ApiCheckpointTest, ViewOutlivesTheCheckpoint) {
  TensorView view = Checkpoint::Open(prefix_).View("w");
  std::vector<float> values(6);
  ASSERT_EQ(view.bytes.size(), 24);
  std::memcpy(values.data(), view.bytes.data(), 24);
  EXPECT_EQ(values, w_);
}

TEST_P(ApiCheckpointTest, EachWayOfReadingGivesTheSame) {
  for (const Io io : {Io::kAuto, Io::kMap, Io::kRead}) {
    OpenOptions options;
    options.io = io;
    options.threads = 2;
    EXPECT_EQ(Checkpoint::Open(prefix_, options).Read<float>("w"), w_);
  }
}

TEST_P(ApiCheckpointTest, VerifyIsOkWhereAllIs) {
  const VerifyReport report = Checkpoint::Open(prefix_).Verify();
  EXPECT_TRUE(report.ok());
  EXPECT_GT(report.bytes_checked, 0);
}

INSTANTIATE_TEST_SUITE_P(Formats, ApiCheckpointTest,
                         ::testing::Values(Format::kV1, Format::kV2));

class ApiBundleTest : public ::testing::Test {
 protected:
  ApiBundleTest() {
    Writer writer(folder_.Path("m"));
    writer.Add("b", DType::kBfloat16, {2}, BytesOf(b_));
    writer.Finish();
  }

  Folder folder_;
  std::vector<std::uint16_t> b_ = {0x3f80, 0xc000};
};

TEST_F(ApiBundleTest, GivesTheBitsOfTypesThatCppLacks) {
  const auto checkpoint = Checkpoint::Open(folder_.Path("m"));
  EXPECT_EQ(checkpoint.Read<std::uint16_t>("b"), b_);
  EXPECT_EQ(KindOf([&] { checkpoint.Read<std::int16_t>("b"); }),
            ErrorKind::kInvalid);
}

TEST_F(ApiBundleTest, DamageIsFoundWhereItIsReadAndByVerify) {
  folder_.Write("m.data-00000-of-00001", std::string("\x81?\0\xc0", 4));
  const auto checkpoint = Checkpoint::Open(folder_.Path("m"));
  EXPECT_EQ(KindOf([&] { checkpoint.Read<std::uint16_t>("b"); }),
            ErrorKind::kCorruption);
  const VerifyReport report = checkpoint.Verify();
  ASSERT_EQ(report.problems.size(), 1);
  EXPECT_EQ(report.problems[0].where().tensor, "b");
  OpenOptions unchecked;
  unchecked.verify = false;
  const auto trusting = Checkpoint::Open(folder_.Path("m"), unchecked);
  EXPECT_THAT(trusting.Read<std::uint16_t>("b"), ElementsAre(0x3f81, 0xc000));
}

TEST_F(ApiBundleTest, SaysWhereTheDataFileIsMissing) {
  std::filesystem::remove(folder_.Path("m.data-00000-of-00001"));
  const auto checkpoint = Checkpoint::Open(folder_.Path("m"));
  try {
    checkpoint.Read<std::uint16_t>("b");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kSystem);
    EXPECT_EQ(error.system_code(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("m.data-00000-of-00001"));
  }
}

TEST(ApiCheckpoint, MovesAndDoesNotCopy) {
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<Checkpoint>);
  EXPECT_FALSE(std::is_copy_constructible_v<Checkpoint>);
}

TEST(ApiCheckpoint, NothingThereIsASystemError) {
  const Folder folder;
  EXPECT_EQ(KindOf([&] { Checkpoint::Open(folder.Path("nothing")); }),
            ErrorKind::kSystem);
}

}  // namespace
}  // namespace fastckpt::checkpoint_test
