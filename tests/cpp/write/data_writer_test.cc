#include "fastckpt/write/data_writer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/platform/data_file.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/inputs.h"

namespace fastckpt::internal::data_writer_test {
namespace {

// One thread and several, with and without asking for the disk.
struct Way {
  std::size_t threads;
  bool sync;
};

class DataWriterTest : public ::testing::TestWithParam<Way> {
 protected:
  // Appends a part behind the others.
  void Append(const TensorInput& input, std::uint64_t padding = 0) {
    const std::uint64_t size = StoredSize(input);
    parts_.push_back({&input, &file_, end_, size, padding});
    end_ += size + padding;
  }

  bool Write(const Interrupt& interrupted = nullptr) {
    DataWriter writer(GetParam().threads, GetParam().sync);
    return writer.Write(&parts_, interrupted);
  }

  // The bytes of a part, whose checksum must be theirs.
  std::string Stored(std::size_t part) const {
    const std::string bytes =
        folder_.Read("tmp").substr(parts_[part].offset, parts_[part].size);
    EXPECT_EQ(Crc32c(AsBytes(bytes)), parts_[part].crc32c);
    return bytes;
  }

  const Folder folder_;
  OutputFile file_{std::make_shared<const Directory>(folder_.Path("")), "tmp",
                   "file"};
  std::vector<DataPart> parts_;
  std::uint64_t end_ = 0;
};

INSTANTIATE_TEST_SUITE_P(EachWay, DataWriterTest,
                         ::testing::Values(Way{1, false}, Way{1, true},
                                           Way{4, false}, Way{4, true}));

TEST_P(DataWriterTest, PartsFollowOneAnotherWithTheirPadding) {
  const std::vector<std::uint8_t> one = {1, 2, 3};
  const std::vector<std::int32_t> two = {1, -1};
  const TensorInput first = MakeInput("a", DType::kUint8, {3}, one);
  const TensorInput empty = MakeInput("b", DType::kUint8, {0}, one);
  const TensorInput second = MakeInput("c", DType::kInt32, {2}, two);
  Append(first, 5);
  Append(empty);
  Append(second, 2);
  EXPECT_TRUE(Write());
  EXPECT_EQ(ToHex(AsBytes(folder_.Read("tmp"))),
            "0102030000000000"
            "01000000ffffffff"
            "0000");
  EXPECT_EQ(parts_[0].crc32c, Crc32c(one));
  EXPECT_EQ(parts_[1].crc32c, 0u);
}

// Many small ones share a job; a large one, transposed, is cut into several.
TEST_P(DataWriterTest, SmallAndLargePartsKeepTheirBytesAndChecksums) {
  constexpr std::int64_t kSide = 1500;
  std::vector<float> values(kSide * kSide);
  std::iota(values.begin(), values.end(), 0.0f);
  TensorInput large = MakeInput("large", DType::kFloat, {kSide, kSide}, values);
  std::get<StridedArray>(large.values).strides = {4, 4 * kSide};
  const TensorInput small = MakeInput("small", DType::kFloat, {10}, values);
  for (int i = 0; i < 1000; ++i) Append(small, 24);
  Append(large);
  Append(small);
  ASSERT_TRUE(Write());
  const std::string expected = std::string(
      AsText({reinterpret_cast<const std::uint8_t*>(values.data()), 40}));
  for (const std::size_t part : {0u, 500u, 999u, 1001u}) {
    EXPECT_EQ(Stored(part), expected);
  }
  const std::string stored = Stored(1000);
  for (std::size_t i = 0; i < values.size(); i += 1237) {
    float value;
    std::memcpy(&value, stored.data() + i * sizeof value, sizeof value);
    ASSERT_EQ(value, values[i % kSide * kSide + i / kSide]) << i;
  }
}

TEST_P(DataWriterTest, StringsAreStoredWithTheirSizesAndChecksums) {
  const TensorInput strings = MakeStrings("s", {"ab", "", "xyz"});
  Append(strings);
  ASSERT_TRUE(Write());
  // FORMAT section 5.6.
  EXPECT_EQ(ToHex(AsBytes(folder_.Read("tmp"))), "0200031b428bca616278797a");
  EXPECT_EQ(MaskCrc32c(parts_[0].crc32c), 0x3fc4ad10u);
}

// Whoever passes bytes on compares this with what their source stored.
TEST_P(DataWriterTest, ChecksumOfBytesPassedOnIsThatOfWhatWasWritten) {
  const std::string bytes = "passed on";
  TensorInput input;
  input.name = "w";
  input.dtype = DType::kUint8;
  input.dims = {9};
  input.values = StoredBytes{AsBytes(bytes), Crc32c(AsBytes(bytes)) ^ 1};
  Append(input);
  ASSERT_TRUE(Write());
  EXPECT_EQ(Stored(0), bytes);
}

// Where the file system shares blocks they are shared, elsewhere written.
TEST_P(DataWriterTest, BytesOfAnotherFileAreTheSameFromAnyOffset) {
  std::string content(10'000'000, '\0');
  std::uint32_t state = 1;
  for (char& byte : content) {
    byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  }
  folder_.Write("from", content);
  const DataFile from(folder_.Path("from"), IoMode::kMap);
  std::vector<TensorInput> inputs;
  for (const std::uint64_t offset : {0u, 4096u, 4097u, 123u}) {
    const ByteView bytes = from.mapping()->bytes().subspan(offset, 9'000'001);
    inputs.push_back({"a", DType::kUint8, {9'000'001}, {}, {}});
    inputs.back().values =
        StoredBytes{{}, Crc32c(bytes), &from.file(), offset, bytes.size()};
  }
  for (const TensorInput& input : inputs) Append(input, 4095);
  EXPECT_TRUE(Write());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto& stored = std::get<StoredBytes>(inputs[i].values);
    const ByteView bytes = from.mapping()->bytes().subspan(
        static_cast<std::size_t>(stored.offset), 9'000'001);
    EXPECT_TRUE(Stored(i) == AsText(bytes)) << i;
    EXPECT_EQ(parts_[i].crc32c, stored.crc32c);
  }
}

TEST_P(DataWriterTest, NothingToWriteIsDone) { EXPECT_TRUE(Write()); }

}  // namespace
}  // namespace fastckpt::internal::data_writer_test
