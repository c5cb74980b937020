#include "fastckpt/read/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "fastckpt/v2/shard_name.h"
#include "fastckpt/write/bundle_writer.h"
#include "testing/bundles.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/inputs.h"
#include "testing/tables.h"

namespace fastckpt::internal::verify_test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<float> kFour = {1, 2, 3, 4};

class VerifyTest : public ::testing::TestWithParam<IoMode> {
 protected:
  // "a" plain, "s" strings, "v" of two slices; 16 bytes in each stored value.
  static std::vector<TensorInput> Inputs() {
    const auto half = [](std::int64_t begin) {
      return AsSlice(MakeInput("v", DType::kFloat, {4}, kFour), {8},
                     {{begin, 4}});
    };
    return {MakeInput("a", DType::kFloat, {4}, kFour),
            MakeStrings("s", {"some", "words"}), half(0), half(4)};
  }

  void WriteV2() const {
    BundleWriter writer(folder_.Path("m"), {});
    writer.Add(Inputs());
    writer.Finish();
  }

  std::vector<std::string> Problems() const {
    const BundleSource source(folder_.Path("m"), GetParam(), UINT64_MAX);
    return Texts(VerifyBundle(source, Options()));
  }

  static std::vector<std::string> Texts(const VerifyResult& result) {
    std::vector<std::string> texts;
    for (const Error& error : result.problems) texts.emplace_back(error.what());
    return texts;
  }

  static RunOptions Options() {
    RunOptions options;
    options.threads = 3;
    return options;
  }

  void Flip(const std::string& name, std::size_t at) const {
    std::string bytes = folder_.Read(name);
    bytes[at] ^= 1;
    folder_.Write(name, bytes);
  }

  const Folder folder_;
  const std::string data_ = "m.data-00000-of-00001";
};

INSTANTIATE_TEST_SUITE_P(BothWays, VerifyTest,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(VerifyTest, SoundBundleHasNoProblemsAndEveryByteIsCounted) {
  WriteV2();
  const BundleSource source(folder_.Path("m"), GetParam(), UINT64_MAX);
  const VerifyResult result = VerifyBundle(source, Options());
  EXPECT_THAT(Texts(result), IsEmpty());
  EXPECT_FALSE(result.was_interrupted);
  EXPECT_EQ(result.bytes_checked,
            folder_.Read("m.index").size() + folder_.Read(data_).size());
}

TEST_P(VerifyTest, EveryDamagedTensorIsReported) {
  WriteV2();
  const std::string data = folder_.Read(data_);
  Flip(data_, 0);
  Flip(data_, data.find("words"));
  EXPECT_THAT(Problems(),
              ElementsAre(HasSubstr("tensor 'a'"), HasSubstr("tensor 's'")));
}

// The stored slice has a key that nobody knows; the tensor has a name.
TEST_P(VerifyTest, DamagedSliceIsReportedUnderItsTensorsName) {
  WriteV2();
  Flip(data_, folder_.Read(data_).size() - 1);
  EXPECT_THAT(Problems(), ElementsAre(AllOf(HasSubstr("tensor 'v'"),
                                            HasSubstr("stored checksum"))));
}

TEST_P(VerifyTest, EveryFlippedBitOfTheDataIsReported) {
  WriteV2();
  const std::string good = folder_.Read(data_);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    folder_.Write(data_, bytes);
    EXPECT_EQ(Problems().size(), 1u) << bit;
  }
}

TEST_P(VerifyTest, MissingAndCutShardsAreProblemsNotExceptions) {
  WriteV2();
  std::filesystem::resize_file(folder_.Path(data_), 20);
  EXPECT_THAT(Problems(),
              ElementsAre(HasSubstr("tensor 'v'"), HasSubstr("tensor 'v'"),
                          HasSubstr("tensor 's'")));
  std::filesystem::remove(folder_.Path(data_));
  EXPECT_GE(Problems().size(), 3u);
}

TEST_P(VerifyTest, EntryOfWrongMeaningIsReportedOthersAreStillChecked) {
  const std::string bytes = "12345678";
  std::map<std::string, BundleEntry> entries = {
      {"a", MakeEntry(static_cast<DType>(0), {2}, 0, bytes)},
      {"b", MakeEntry(DType::kInt32, {2}, 0, bytes)},
      {"c", MakeEntry(DType::kInt32, {3}, 0, bytes)}};
  entries["d"] = entries["b"];
  entries["d"].masked_crc32c ^= 1;
  WriteBundle(folder_, "m", entries, bytes);
  EXPECT_THAT(Problems(),
              ElementsAre(HasSubstr("tensor 'a'"), HasSubstr("tensor 'c'"),
                          HasSubstr("tensor 'd'")));
}

TEST_P(VerifyTest, VariantsAreCheckedThoughTheyCannotBeRead) {
  const std::string stored = FromHex(
      "330a1674656e736f72666c6f773a3a54656e736f724c697374120d010101ffffffffff"
      "ffffffff011a0a080112002a040000c03f260ceb8b");
  BundleEntry entry = MakeEntry(DType::kVariant, {}, 0, stored);
  entry.masked_crc32c = 0xd996f654;
  WriteBundle(folder_, "m", {{"t", entry}}, stored);
  EXPECT_THAT(Problems(), IsEmpty());
  Flip(data_, 40);
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("tensor 't'")));
}

TEST_P(VerifyTest, IndexThatWasReplacedIsAProblem) {
  WriteV2();
  const BundleSource source(folder_.Path("m"), GetParam(), UINT64_MAX);
  folder_.Write("n", folder_.Read("m.index"));
  std::filesystem::rename(folder_.Path("n"), folder_.Path("m.index"));
  EXPECT_THAT(Texts(VerifyBundle(source, Options())),
              Contains(HasSubstr("the index was replaced")));
  Flip("m.index", 20);
  EXPECT_THAT(Texts(VerifyBundle(source, Options())),
              Contains(HasSubstr("stored checksum")));
}

TEST_P(VerifyTest, InterruptedVerifySaysSo) {
  std::map<std::string, BundleEntry> entries;
  const std::string bytes(1 << 20, 'x');
  for (std::size_t i = 0; i < 300; ++i) {
    entries[Numbered("s", i)] = MakeEntry(DType::kString, {1 << 19}, 0, bytes);
  }
  WriteBundle(folder_, "m", entries, bytes);
  const BundleSource source(folder_.Path("m"), GetParam(), UINT64_MAX);
  RunOptions options;
  options.interrupted = [] { return true; };
  EXPECT_TRUE(VerifyBundle(source, options).was_interrupted);
}

}  // namespace
}  // namespace fastckpt::internal::verify_test
