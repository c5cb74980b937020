#include "fastckpt/platform/data_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::data_file_test {
namespace {

using ::testing::HasSubstr;

class DataFileTest : public ::testing::TestWithParam<IoMode> {
 protected:
  DataFileTest() { folder_.Write("f", "0123456789"); }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, DataFileTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(DataFileTest, FetchesAnyRange) {
  const DataFile file(folder_.Path("f"), GetParam());
  Scratch scratch;
  EXPECT_EQ(AsText(file.Fetch(0, 10, &scratch)), "0123456789");
  EXPECT_EQ(AsText(file.Fetch(3, 2, &scratch)), "34");
  EXPECT_EQ(AsText(file.Fetch(10, 0, &scratch)), "");
}

TEST_P(DataFileTest, FetchedBytesLieInTheMappingOrTheScratch) {
  const DataFile file(folder_.Path("f"), GetParam());
  Scratch scratch;
  const ByteView bytes = file.Fetch(3, 2, &scratch);
  if (GetParam() == IoMode::kMap) {
    EXPECT_EQ(bytes.data(), file.mapping()->bytes().data() + 3);
    EXPECT_TRUE(scratch.empty());
  } else {
    EXPECT_EQ(file.mapping(), nullptr);
    EXPECT_EQ(bytes.data(), scratch.data());
  }
}

TEST_P(DataFileTest, BytesThatAreReadLieInTheScratch) {
  const DataFile file(folder_.Path("f"), GetParam());
  Scratch scratch;
  const ByteView bytes = file.Read(3, 2, &scratch);
  EXPECT_EQ(AsText(bytes), "34");
  EXPECT_EQ(bytes.data(), scratch.data());
}

TEST_P(DataFileTest, RangesOutsideTheFileNameItAndBothNumbers) {
  const DataFile file(folder_.Path("f"), GetParam());
  file.CheckRange(0, 10);
  file.CheckRange(10, 0);
  const std::string refusal = CorruptionOf([&] { file.CheckRange(8, 3); });
  EXPECT_THAT(refusal, HasSubstr(folder_.Path("f") + ": at offset 8"));
  EXPECT_THAT(refusal, HasSubstr("the file has 10"));
  EXPECT_NE(CorruptionOf([&] { file.CheckRange(11, 0); }), "accepted");
  EXPECT_NE(CorruptionOf([&] { file.CheckRange(1, UINT64_MAX); }), "accepted");
  EXPECT_NE(CorruptionOf([&] { file.CheckRange(UINT64_MAX, 1); }), "accepted");
}

TEST_P(DataFileTest, MissingFileIsTheSystemsError) {
  EXPECT_THAT(
      SystemErrorOf([&] { DataFile(folder_.Path("missing"), GetParam()); }),
      HasSubstr("missing"));
}

}  // namespace
}  // namespace fastckpt::internal::data_file_test
