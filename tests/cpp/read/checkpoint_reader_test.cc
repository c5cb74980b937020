#include "fastckpt/read/checkpoint_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/refusal.h"

namespace fastckpt::internal::checkpoint_reader_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

enum class Format { kV1, kV2 };

struct Way {
  Format format;
  IoMode mode;
};

using Floats = std::vector<float>;

Floats Rising(std::size_t count) {
  Floats values(count);
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

// The same tensors in both formats: "big" of 2 MiB, "empty", "i" int32,
// "s" strings, "v" float [6, 4] in three slices of two rows.
class CheckpointTest : public ::testing::TestWithParam<Way> {
 protected:
  CheckpointTest() {
    std::vector<TensorInput> inputs = {
        MakeInput("big", DType::kFloat, {1024, 512}, big_),
        MakeInput("empty", DType::kFloat, {0, 3}, Floats()),
        MakeInput("i", DType::kInt32, {2, 2}, ints_),
        MakeStrings("s", {"ab", "", "xyz"})};
    for (std::size_t i = 0; i < 3; ++i) {
      inputs.push_back(
          AsSlice(MakeInput("v", DType::kFloat, {2, 4}, rows_[i]), {6, 4},
                  {{static_cast<std::int64_t>(2 * i), 2}, {0, -1}}));
    }
    if (GetParam().format == Format::kV1) {
      V1Writer writer(folder_.Path("m"), /*sync=*/false);
      writer.Add(inputs);
      writer.Finish();
    } else {
      BundleWriter writer(folder_.Path("m"), {});
      writer.Add(inputs);
      writer.Finish();
    }
  }

  std::unique_ptr<CheckpointReader> Open(
      Checking verify = Checking::kOnce) const {
    const std::string path = folder_.Path("m");
    if (GetParam().format == Format::kV1) {
      return CheckpointReader::OpenV1({path}, GetParam().mode, verify);
    }
    return CheckpointReader::OpenBundle(path, GetParam().mode, verify,
                                        UINT64_MAX);
  }

  std::string DataPath() const {
    return folder_.Path(
        GetParam().format == Format::kV1 ? "m" : "m.data-00000-of-00001");
  }

  static RunOptions Options() {
    RunOptions options;
    options.threads = 3;
    return options;
  }

  static Floats ToFloats(const ArrayBytes& array) {
    Floats values(array.size / sizeof(float));
    if (array.size > 0) std::memcpy(values.data(), array.data, array.size);
    return values;
  }

  const Folder folder_;
  const Floats big_ = Rising(1024 * 512);
  const Floats all_ = Rising(24);
  const std::vector<std::int32_t> ints_ = {1, -2, 3, -4};
  const std::vector<Floats> rows_ = {{all_.begin(), all_.begin() + 8},
                                     {all_.begin() + 8, all_.begin() + 16},
                                     {all_.begin() + 16, all_.end()}};
};

INSTANTIATE_TEST_SUITE_P(EachWay, CheckpointTest,
                         ::testing::Values(Way{Format::kV1, IoMode::kMap},
                                           Way{Format::kV1, IoMode::kRead},
                                           Way{Format::kV2, IoMode::kMap},
                                           Way{Format::kV2, IoMode::kRead}));

TEST_P(CheckpointTest, TakeAndCopyGiveEveryTensor) {
  for (const Checking verify : {Checking::kOnce, Checking::kNever}) {
    const auto checkpoint = Open(verify);
    const TensorSource& source = checkpoint->source();
    std::vector<std::size_t> slots;
    for (const char* name : {"v", "big", "i", "empty"}) {
      slots.push_back(*source.Find(name));
    }
    const auto taken = checkpoint->Take(slots, Options(), /*may_wait=*/true);
    const auto copied = checkpoint->Copy(slots, Options());
    ASSERT_TRUE(taken);
    for (const std::vector<ArrayBytes>& arrays : {*taken, copied}) {
      EXPECT_EQ(ToFloats(arrays[0]), all_);
      EXPECT_EQ(ToFloats(arrays[1]), big_);
      EXPECT_EQ(std::memcmp(arrays[2].data, ints_.data(), 16), 0);
      EXPECT_EQ(arrays[3].size, 0u);
    }
  }
}

TEST_P(CheckpointTest, TakeOnWriteGivesEachTensorToTheCallerAlone) {
  const auto checkpoint = Open();
  const TensorSource& source = checkpoint->source();
  std::vector<std::size_t> slots;
  for (const char* name : {"v", "big", "i", "empty", "big"}) {
    slots.push_back(*source.Find(name));
  }
  const std::string stored = folder_.Read(fs::path(DataPath()).filename());
  const auto arrays = checkpoint->TakeOnWrite(slots, Options());
  EXPECT_EQ(ToFloats(arrays[0]), all_);
  EXPECT_EQ(ToFloats(arrays[1]), big_);
  EXPECT_EQ(std::memcmp(arrays[2].data, ints_.data(), 16), 0);
  EXPECT_EQ(arrays[3].size, 0u);
  for (const ArrayBytes& array : arrays) {
    std::memset(const_cast<std::uint8_t*>(array.data), 0, array.size);
    if (&array == &arrays[1]) {
      EXPECT_EQ(ToFloats(arrays[4]), big_);
    }
  }
  EXPECT_EQ(folder_.Read(fs::path(DataPath()).filename()), stored);
  EXPECT_EQ(ToFloats((*checkpoint->Take(slots, Options(), true))[1]), big_);
}

TEST_P(CheckpointTest, TakenViewLiesInTheMappingAndOutlivesTheCheckpoint) {
  auto checkpoint = Open();
  const std::vector<std::size_t> slots = {*checkpoint->source().Find("big")};
  const ArrayBytes big = (*checkpoint->Take(slots, Options(), true))[0];
  EXPECT_EQ(checkpoint->source().MappingSize(big.owner.get()).has_value(),
            GetParam().mode == IoMode::kMap);
  checkpoint.reset();
  std::filesystem::remove(DataPath());
  EXPECT_EQ(ToFloats(big), big_);
}

TEST_P(CheckpointTest, CopiesAreAlignedAndOfTheirOwn) {
  const auto checkpoint = Open();
  const std::vector<std::size_t> slots = {*checkpoint->source().Find("big"),
                                          *checkpoint->source().Find("i")};
  for (const ArrayBytes& copy : checkpoint->Copy(slots, Options())) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(copy.data) % 64, 0u);
    EXPECT_FALSE(checkpoint->source().MappingSize(copy.owner.get()));
  }
}

// Rows 4, 2 and 0 of a tensor whose rows lie in three slices.
TEST_P(CheckpointTest, CopyOfARegionWalksBackwardsOverSlices) {
  const auto checkpoint = Open();
  const Region region = {{4, 3, -2}, {1, 2, 1}};
  const ArrayBytes copy = checkpoint->CopyRegion(
      *checkpoint->source().Find("v"), region, {8, 4}, Options());
  EXPECT_EQ(ToFloats(copy), (Floats{18, 19, 10, 11, 2, 3}));
}

TEST_P(CheckpointTest, ManyRegionsAreReadIntoMemoryThatIsThere) {
  const auto checkpoint = Open();
  Floats big(512);
  Floats column(6);
  std::vector<ReadRequest> requests(2);
  const auto to = [](Floats* values) {
    return reinterpret_cast<std::uint8_t*>(values->data());
  };
  requests[0] = {*checkpoint->source().Find("v"),
                 {{0, 6, 1}, {3, 1, 1}},
                 {to(&column), {4, 0}}};
  requests[1] = {*checkpoint->source().Find("big"),
                 {{1000, 1, 1}, {0, 512, 1}},
                 {to(&big), {0, 4}}};
  checkpoint->Read(requests, Options());
  EXPECT_EQ(column, (Floats{4, 8, 12, 16, 20, 24}));
  EXPECT_TRUE(std::equal(big.begin(), big.end(), big_.begin() + 1000 * 512));
}

TEST_P(CheckpointTest, StringsAreGiven) {
  const auto checkpoint = Open();
  const auto pieces =
      checkpoint->Strings(*checkpoint->source().Find("s"), CheckRule::kAlways);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(AsText(pieces[0].bytes), "abxyz");
}

TEST_P(CheckpointTest, VerifyFindsNothingInASoundCheckpoint) {
  EXPECT_THAT(Open()->Verify(Options()).problems, IsEmpty());
}

// 777.0f stands once in "big".
TEST_P(CheckpointTest, DamageNamesTheTensorAndLeavesNoClaimBehind) {
  std::string bytes = folder_.Read(DataPath().substr(folder_.Path("").size()));
  const float value = 777;
  std::string wanted(sizeof value, '\0');
  std::memcpy(wanted.data(), &value, sizeof value);
  bytes[bytes.find(wanted)] ^= 1;
  folder_.Write(DataPath().substr(folder_.Path("").size()), bytes);
  const auto checkpoint = Open();
  const std::vector<std::size_t> slots = {*checkpoint->source().Find("big")};
  for (int again = 0; again < 2; ++again) {
    const std::string refusal = CorruptionOf(
        [&] { checkpoint->Take(slots, Options(), /*may_wait=*/true); });
    EXPECT_THAT(refusal, HasSubstr("tensor 'big'"));
    EXPECT_THAT(refusal, HasSubstr(DataPath()));
    EXPECT_FALSE(checkpoint->FindReady(slots[0]));
  }
  EXPECT_FALSE(checkpoint->Verify(Options()).problems.empty());
  const std::vector<std::size_t> others = {*checkpoint->source().Find("v")};
  EXPECT_EQ(ToFloats((*checkpoint->Take(others, Options(), true))[0]), all_);
}

TEST_P(CheckpointTest, ReadyViewNeedsNoCheckAnyMore) {
  const auto checkpoint = Open();
  const std::size_t slot = *checkpoint->source().Find("big");
  EXPECT_FALSE(checkpoint->FindReady(slot));
  checkpoint->Take({&slot, 1}, Options(), true);
  const bool is_v2_view =
      GetParam().format == Format::kV2 && GetParam().mode == IoMode::kMap;
  EXPECT_EQ(checkpoint->FindReady(slot).has_value(), is_v2_view);
  EXPECT_EQ(Open(Checking::kNever)->FindReady(slot).has_value(), is_v2_view);
}

TEST_P(CheckpointTest, InterruptedCallThrowsAndCanBeRepeated) {
  const auto checkpoint = Open();
  // More than is read before the question is asked.
  std::vector<std::size_t> slots(4000, *checkpoint->source().Find("big"));
  std::vector<ReadRequest> requests;
  Floats memory(1024 * 512);
  for (const std::size_t slot : slots) {
    requests.push_back(
        {slot,
         {{0, 1024, 1}, {0, 512, 1}},
         {reinterpret_cast<std::uint8_t*>(memory.data()), {4, 4096}}});
  }
  RunOptions options;
  options.interrupted = [] { return true; };
  EXPECT_THROW(checkpoint->Read(requests, options), Interrupted);
  checkpoint->Read(std::span(requests).first(1), Options());
  EXPECT_EQ(memory[0], 1);
}

}  // namespace
}  // namespace fastckpt::internal::checkpoint_reader_test
