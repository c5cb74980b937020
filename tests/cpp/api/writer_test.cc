#include "fastckpt/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::writer_test {
namespace {

using internal::Folder;
using internal::Refusal;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<float> kValues = {1, 2, 3, 4, 5, 6};

std::span<const std::byte> Bytes() { return std::as_bytes(std::span(kValues)); }

TEST(ApiWriterTest, NothingIsThereBeforeFinish) {
  const Folder folder;
  Writer writer(folder.Path("m"));
  writer.Add("w", DType::kFloat, {2, 3}, Bytes());
  EXPECT_THAT(folder.Names(), testing::Not(testing::Contains("m.index")));
  writer.Finish();
  EXPECT_THAT(folder.Names(), ElementsAre("m.data-00000-of-00001", "m.index"));
}

TEST(ApiWriterTest, WithoutFinishNothingStays) {
  const Folder folder;
  {
    Writer writer(folder.Path("m"));
    writer.Add("w", DType::kFloat, {2, 3}, Bytes());
  }
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(ApiWriterTest, WritesShards) {
  const Folder folder;
  WriterOptions options;
  options.shards = 2;
  Writer writer(folder.Path("m"), options);
  writer.Add("a", DType::kFloat, {6}, Bytes());
  writer.Add("b", DType::kFloat, {6}, Bytes());
  writer.Finish();
  const auto checkpoint = Checkpoint::Open(folder.Path("m"));
  EXPECT_EQ(checkpoint.Find("a")->shard, 0);
  EXPECT_EQ(checkpoint.Find("b")->shard, 1);
  EXPECT_EQ(checkpoint.Read<float>("b"), kValues);
}

TEST(ApiWriterTest, BitsThatATypeLacksAreNotStored) {
  const Folder folder;
  const std::vector<std::uint8_t> values = {0xf7, 0x18};
  Writer writer(folder.Path("m"));
  writer.Add("w", DType::kInt4, {2}, std::as_bytes(std::span(values)));
  writer.Finish();
  EXPECT_EQ(folder.Read("m.data-00000-of-00001"), "\x07\x08");
}

TEST(ApiWriterTest, RefusesBytesThatAreNotTheShapes) {
  const Folder folder;
  Writer writer(folder.Path("m"));
  const auto add = [&](std::vector<std::int64_t> shape) {
    return Refusal(ErrorKind::kInvalid,
                   [&] { writer.Add("w", DType::kFloat, shape, Bytes()); });
  };
  EXPECT_THAT(add({5}), HasSubstr("does not take 24 bytes"));
  EXPECT_THAT(add({-6}), HasSubstr("tensor 'w'"));
  constexpr std::int64_t kLarge = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(add({kLarge, kLarge}), HasSubstr("tensor 'w'"));
}

TEST(ApiWriterTest, RefusesTypesWithoutAStoredForm) {
  const Folder folder;
  Writer writer(folder.Path("m"));
  for (const DType dtype : {DType::kResource, DType::kInvalid}) {
    Refusal(ErrorKind::kUnsupported,
            [&] { writer.Add("w", dtype, {6}, Bytes()); });
  }
}

TEST(ApiWriterTest, RefusesStringsThatAreNotTheShapes) {
  const Folder folder;
  Writer writer(folder.Path("m"));
  const std::vector<std::string> elements = {"a", "b"};
  EXPECT_THAT(Refusal(ErrorKind::kInvalid,
                      [&] { writer.AddStrings("s", {3}, elements); }),
              HasSubstr("does not take 2 strings"));
}

TEST(ApiWriterTest, RefusesSlicesOfAnotherRank) {
  const Folder folder;
  Writer writer(folder.Path("m"));
  Refusal(ErrorKind::kInvalid, [&] {
    writer.AddSlice("w", DType::kFloat, {6}, Bytes(), {6, 1}, {0});
  });
}

TEST(ApiWriterTest, ATensorThatIsRefusedIsAsIfItHadNotBeenAdded) {
  const Folder folder;
  Writer writer(folder.Path("m"));
  writer.Add("w", DType::kFloat, {6}, Bytes());
  Refusal(ErrorKind::kInvalid,
          [&] { writer.Add("w", DType::kFloat, {6}, Bytes()); });
  writer.Finish();
  EXPECT_EQ(Checkpoint::Open(folder.Path("m")).tensors().size(), 1);
}

}  // namespace
}  // namespace fastckpt::writer_test
