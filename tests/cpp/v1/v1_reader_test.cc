#include "fastckpt/v1/v1_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "fastckpt/proto/fields.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/bundles.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/inputs.h"
#include "testing/refusal.h"
#include "testing/tables.h"

namespace fastckpt::internal::v1_reader_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<float> kOneTwo = {1, 2};
const std::vector<std::int32_t> kFour = {1, 2, 3, 4};

// FORMAT section 6.4: the meta row of "b", an int64 scalar, and its record.
const std::string kRowB = FromHex("0a09 0a0162 1200 1809 2200");
const std::string kVersion = FromHex("12020801");
const std::string kKeyB = FromHex("0062000100");
const std::string kRecordB = FromHex("120a 0a0162 1200 1a03520107");

std::string Meta(const std::string& rows) {
  std::string bytes;
  PutBytesField(&bytes, 1, rows);
  return bytes;
}

class V1ReaderTest : public ::testing::TestWithParam<IoMode> {
 protected:
  V1Reader Open(const std::string& bytes) const {
    folder_.Write("f", bytes);
    return V1Reader({folder_.Path("f")}, GetParam());
  }

  std::string RefusalOf(const std::string& bytes) const {
    const std::string refusal = CorruptionOf([&] { Open(bytes); });
    EXPECT_THAT(refusal, HasSubstr(folder_.Path("f")));
    return refusal;
  }

  void Write(const std::string& name,
             const std::vector<TensorInput>& inputs) const {
    V1Writer writer(folder_.Path(name), /*sync=*/false);
    writer.Add(inputs);
    writer.Finish();
  }

  // The TensorProto of a tensor's slice, in hexadecimal.
  static std::string RecordOf(const V1Reader& reader, const std::string& name,
                              std::size_t slice = 0) {
    const V1Tensor& tensor = reader.tensors()[*reader.Find(name)];
    const V1Slice& wanted = tensor.slices[slice];
    const std::size_t block = reader.BlockOf(tensor, wanted);
    BlockScratch scratch;
    const V1Record record = reader.FindRecord(
        tensor, wanted, block,
        reader.table(wanted.file).ReadBlock(block, &scratch), nullptr);
    std::string text;
    for (const ByteView part : record.message) text += ToHex(part);
    return text;
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, V1ReaderTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(V1ReaderTest, ReadsAFileMadeOfTheFormatsBytes) {
  const V1Reader reader =
      Open(MakeTable(Entries{{"", Meta(kRowB + kVersion)}, {kKeyB, kRecordB}}));
  ASSERT_EQ(reader.tensors().size(), 1u);
  EXPECT_EQ(reader.tensors()[0].name, "b");
  EXPECT_EQ(reader.tensors()[0].dtype, 9);
  EXPECT_TRUE(reader.tensors()[0].shape.dims.empty());
  EXPECT_EQ(RecordOf(reader, "b"), "520107");
}

TEST_P(V1ReaderTest, ListsWhatTheWriterWroteInByteOrder) {
  Write("f", {MakeInput("w", DType::kFloat, {2}, kOneTwo),
              MakeInput("\xff", DType::kFloat, {2}, kOneTwo),
              MakeInput("A", DType::kInt32, {2, 2}, kFour)});
  const V1Reader reader({folder_.Path("f")}, GetParam());
  std::vector<std::string> names;
  for (const V1Tensor& tensor : reader.tensors()) names.push_back(tensor.name);
  EXPECT_THAT(names, ElementsAre("A", "w", "\xff"));
  EXPECT_EQ(reader.Find("w"), 1u);
  EXPECT_EQ(reader.Find("x"), std::nullopt);
  EXPECT_EQ(RecordOf(reader, "w"), "2a080000803f00000040");
}

TEST_P(V1ReaderTest, SlicesOfOneTensorMayLieInManyFiles) {
  const auto half = [](std::int64_t begin) {
    return AsSlice(MakeInput("v", DType::kFloat, {2}, kOneTwo), {4},
                   {{begin, 2}});
  };
  Write("f", {half(0)});
  Write("g", {half(2), MakeInput("w", DType::kFloat, {2}, kOneTwo)});
  const V1Reader reader({folder_.Path("f"), folder_.Path("g")}, GetParam());
  EXPECT_EQ(reader.file_count(), 2u);
  const V1Tensor& tensor = reader.tensors()[*reader.Find("v")];
  EXPECT_THAT(tensor.shape.dims, ElementsAre(4));
  ASSERT_EQ(tensor.slices.size(), 2u);
  EXPECT_EQ(tensor.slices[1].file, 1u);
  EXPECT_EQ(RecordOf(reader, "v", 1), "2a080000803f00000040");
}

TEST_P(V1ReaderTest, FilesMustAgreeAboutATensor) {
  Write("f",
        {AsSlice(MakeInput("v", DType::kFloat, {2}, kOneTwo), {4}, {{0, 2}})});
  Write("g",
        {AsSlice(MakeInput("v", DType::kFloat, {2}, kOneTwo), {5}, {{2, 2}})});
  const std::string refusal = CorruptionOf([&] {
    V1Reader({folder_.Path("f"), folder_.Path("g")}, GetParam());
  });
  EXPECT_THAT(refusal, HasSubstr(folder_.Path("g") + ": tensor 'v'"));
  EXPECT_THAT(refusal, HasSubstr("two shards disagree"));
  EXPECT_THAT(refusal, HasSubstr("this one and '" + folder_.Path("f") + "'"));
}

TEST_P(V1ReaderTest, NameListedTwiceIsRefused) {
  const std::string meta = Meta(kRowB + kRowB + kVersion);
  EXPECT_THAT(RefusalOf(MakeTable(Entries{{"", meta}, {kKeyB, kRecordB}})),
              HasSubstr("tensor 'b': the tensor is listed twice"));
}

TEST_P(V1ReaderTest, TensorWithoutSliceIsRefused) {
  const std::string meta = Meta(FromHex("0a07 0a0162 1200 1809"));
  EXPECT_THAT(RefusalOf(MakeTable(Entries{{"", meta}})),
              HasSubstr("the tensor lists no slice"));
}

TEST_P(V1ReaderTest, FileWithoutMetaIsRefused) {
  EXPECT_THAT(
      RefusalOf(MakeTable(Entries{{kKeyB, kRecordB}})),
      HasSubstr("at offset 0: the table has no record at the empty key"));
  EXPECT_THAT(RefusalOf(MakeIndex(OneShard(), {})),
              HasSubstr("a V2 index is opened by its prefix"));
  EXPECT_NE(RefusalOf(""), "accepted");
  EXPECT_NE(RefusalOf("some text that is no table, longer than a footer is"),
            "accepted");
}

TEST_P(V1ReaderTest, VersionsAreChecked) {
  const std::string meta = Meta(FromHex("1202 1002"));
  EXPECT_THAT(
      UnsupportedOf([&] {
        Open(MakeTable(Entries{{"", meta}}));
      }),
      HasSubstr("at offset 0: the file asks for a reader of version 2"));
}

TEST_P(V1ReaderTest, MissingRecordNamesTheTensor) {
  const V1Reader reader = Open(MakeTable(Entries{{"", Meta(kRowB)}}));
  const std::string refusal = CorruptionOf([&] { RecordOf(reader, "b"); });
  EXPECT_THAT(refusal, HasSubstr("tensor 'b'"));
  EXPECT_THAT(refusal, HasSubstr("is missing"));
}

TEST_P(V1ReaderTest, RecordMustHoldDataOfItsKey) {
  const auto with = [&](const std::string& record) {
    const V1Reader reader =
        Open(MakeTable(Entries{{"", Meta(kRowB)}, {kKeyB, record}}));
    return CorruptionOf([&] { RecordOf(reader, "b"); });
  };
  EXPECT_THAT(with(""), HasSubstr("holds no data"));
  EXPECT_THAT(with(FromHex("120a 0a0163 1200 1a03520107")),
              HasSubstr("the record is that of tensor 'c'"));
  EXPECT_THAT(with(FromHex("120c 0a0162 12020a00 1a03520107")),
              HasSubstr("tensor 'b', slice -"));
  EXPECT_NE(with(FromHex("12ff")), "accepted");
}

TEST_P(V1ReaderTest, TellsTheTwoFormatsApart) {
  folder_.Write("v1", MakeTable(Entries{{"", Meta(kRowB)}, {kKeyB, kRecordB}}));
  folder_.Write("v2", MakeIndex(OneShard(), {}));
  folder_.Write("neither", MakeTable(Entries{{"a", "b"}}));
  EXPECT_TRUE(IsV1Table(DataFile(folder_.Path("v1"), GetParam())));
  EXPECT_FALSE(IsV1Table(DataFile(folder_.Path("v2"), GetParam())));
  EXPECT_THAT(CorruptionOf([&] {
                IsV1Table(DataFile(folder_.Path("neither"), GetParam()));
              }),
              HasSubstr(folder_.Path("neither")));
}

}  // namespace
}  // namespace fastckpt::internal::v1_reader_test
