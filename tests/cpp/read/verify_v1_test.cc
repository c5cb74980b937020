#include "fastckpt/read/verify_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/hex.h"
#include "testing/inputs.h"
#include "testing/tables.h"

namespace fastckpt::internal::verify_v1_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<float> kFour = {1, 2, 3, 4};

class VerifyV1Test : public ::testing::TestWithParam<IoMode> {
 protected:
  // "a" plain, "s" strings, "v" of two slices, then one of a block of its own.
  void Write() const {
    const auto half = [](std::int64_t begin) {
      return AsSlice(MakeInput("v", DType::kFloat, {4}, kFour), {8},
                     {{begin, 4}});
    };
    const std::vector<float> large(100'000);
    V1Writer writer(folder_.Path("m"), /*sync=*/false);
    writer.Add({MakeInput("a", DType::kFloat, {4}, kFour),
                MakeStrings("s", {"some", "words"}), half(0), half(4),
                MakeInput("large", DType::kFloat, {100'000}, large)});
    writer.Finish();
  }

  std::vector<std::string> Problems() const {
    const V1Source source({folder_.Path("m")}, GetParam());
    RunOptions options;
    options.threads = 3;
    std::vector<std::string> texts;
    for (const Error& error : VerifyV1(source, options).problems) {
      texts.emplace_back(error.what());
    }
    return texts;
  }

  void Flip(std::size_t at) const {
    std::string bytes = folder_.Read("m");
    bytes[at] ^= 1;
    folder_.Write("m", bytes);
  }

  const Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(BothWays, VerifyV1Test,
                         ::testing::Values(IoMode::kMap, IoMode::kRead));

TEST_P(VerifyV1Test, SoundFileHasNoProblems) {
  Write();
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(VerifyV1Test, EveryTensorOfADamagedBlockIsNamed) {
  Write();
  const V1Source source({folder_.Path("m")}, GetParam());
  const TableReader& table = source.reader().table(0);
  const auto block_of = [&](std::string_view name) {
    const V1Tensor& tensor =
        source.reader().tensors()[*source.reader().Find(name)];
    return source.reader().BlockOf(tensor, tensor.slices[0]);
  };
  ASSERT_EQ(block_of("s"), block_of("v"));
  ASSERT_NE(block_of("a"), block_of("s"));
  const std::uint64_t offset = table.handle(block_of("s")).offset;
  Flip(offset + 10);
  const auto lost = [&](const std::string& name) {
    return AllOf(HasSubstr("tensor '" + name + "'"),
                 HasSubstr("at offset " + std::to_string(offset)),
                 HasSubstr("stored checksum"));
  };
  EXPECT_THAT(Problems(), ElementsAre(lost("s"), lost("v")));
}

// A scalar "b" in the list, and a record of "c" that no list names.
TEST_P(VerifyV1Test, RecordThatNoTensorListsIsReported) {
  const Entries entries = {
      {"", FromHex("0a0b0a090a0162120018092200")},
      {FromHex("0062000100"), FromHex("120a0a016212001a03520107")},
      {FromHex("0063000100"), FromHex("120a0a016312001a03520107")}};
  folder_.Write("m", MakeTable(entries));
  EXPECT_THAT(Problems(),
              ElementsAre(HasSubstr("belongs to no tensor that the file")));
}

TEST_P(VerifyV1Test, ValuesThatDoNotFitTheirTensorAreReportedByName) {
  const Entries entries = {
      {"", FromHex("0a0b0a090a0162120018092200")},
      {FromHex("0062000100"), FromHex("120b0a016212001a0452020707")}};
  folder_.Write("m", MakeTable(entries));
  EXPECT_THAT(Problems(), ElementsAre(AllOf(HasSubstr("tensor 'b'"),
                                            HasSubstr("holds 2 values"))));
}

}  // namespace
}  // namespace fastckpt::internal::verify_v1_test
