#include "fastckpt/read/number_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fastckpt/codec/value_counts.h"
#include "fastckpt/read/bundle_source.h"
#include "fastckpt/read/v1_source.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/fake_fetcher.h"
#include "testing/folder.h"
#include "testing/inputs.h"
#include "testing/refusal.h"

namespace fastckpt::internal::number_statistics_test {
namespace {

using ::testing::HasSubstr;

struct Way {
  bool is_v1;
  IoMode mode;
  bool steadily;
};

constexpr std::int64_t kRows = 2000;
constexpr std::int64_t kColumns = 301;
constexpr std::size_t kCount = kRows * kColumns;

// A large tensor in two slices, others of one piece: large, small, of one byte
// each, empty.
class NumberStatisticsTest : public ::testing::TestWithParam<Way> {
 protected:
  NumberStatisticsTest() {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(1, 10);
    for (float& number : numbers_) number = normal(random);
    numbers_[17] = std::nanf("");
    for (std::size_t b = 0; b < kByteValues; ++b) {
      values_[b] = static_cast<double>(b) - (b < 128 ? 0 : 256);
    }
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      bytes_[i] = static_cast<std::int8_t>(i * i % 251);
    }
    const std::vector<float> first(numbers_.begin(),
                                   numbers_.begin() + kCount / 4);
    const std::vector<float> rest(numbers_.begin() + kCount / 4,
                                  numbers_.end());
    const std::vector<std::int8_t> few(bytes_.begin(), bytes_.begin() + 99);
    const std::vector<TensorInput> inputs = {
        MakeInput("bytes", DType::kInt8, {kRows, kColumns}, bytes_),
        MakeInput("empty", DType::kFloat, {0, 3}, std::vector<float>{}),
        MakeInput("few", DType::kInt8, {99}, few),
        AsSlice(
            MakeInput("sliced", DType::kFloat, {kRows / 4, kColumns}, first),
            {kRows, kColumns}, {{0, kRows / 4}, {0, -1}}),
        AsSlice(MakeInput("sliced", DType::kFloat,
                          {kRows - kRows / 4, kColumns}, rest),
                {kRows, kColumns}, {{kRows / 4, kRows - kRows / 4}, {0, -1}}),
        MakeInput("whole", DType::kFloat, {kRows, kColumns}, numbers_)};
    const std::string path = folder_.Path("m");
    if (GetParam().is_v1) {
      V1Writer writer(path, /*sync=*/false);
      writer.Add(inputs);
      writer.Finish();
    } else {
      BundleWriter writer(path, {});
      writer.Add(inputs);
      writer.Finish();
    }
    Open();
  }

  void Open() {
    const std::string path = folder_.Path("m");
    if (GetParam().is_v1) {
      source_ = std::make_unique<V1Source>(std::vector{path}, GetParam().mode);
    } else {
      source_ =
          std::make_unique<BundleSource>(path, GetParam().mode, UINT64_MAX);
    }
  }

  std::vector<NumberStatistics> Describe(const std::vector<std::string>& names,
                                         std::size_t threads,
                                         Progress* progress = nullptr) {
    std::vector<NumberTensor> tensors;
    for (const std::string& name : names) {
      const std::size_t slot = source_->Find(name).value();
      const DType dtype = source_->TypeOf(slot);
      tensors.push_back(
          {slot,
           MakeForm(dtype, dtype == DType::kInt8 ? values_.data() : nullptr)});
    }
    RunOptions options;
    options.threads = threads;
    options.steadily = GetParam().steadily;
    options.progress = progress;
    return DescribeTensors(*source_, tensors, true, CheckRule::kOnce, options);
  }

  const Folder folder_;
  std::vector<float> numbers_ = std::vector<float>(kCount);
  std::vector<std::int8_t> bytes_ = std::vector<std::int8_t>(kCount);
  std::array<double, kByteValues> values_;
  std::unique_ptr<TensorSource> source_;
};

INSTANTIATE_TEST_SUITE_P(EachWay, NumberStatisticsTest,
                         ::testing::Values(Way{false, IoMode::kMap, false},
                                           Way{false, IoMode::kMap, true},
                                           Way{false, IoMode::kRead, false},
                                           Way{true, IoMode::kMap, true}));

const std::vector<std::string> kAll = {"bytes", "empty", "few", "sliced",
                                       "whole"};

TEST_P(NumberStatisticsTest, EveryTensorIsDescribed) {
  const auto found = Describe(kAll, 3);
  EXPECT_EQ(found[0].moments.count, kCount);
  EXPECT_EQ(found[0].moments.high,
            *std::max_element(bytes_.begin(), bytes_.end()));
  EXPECT_EQ(found[1].moments.count, 0u);
  EXPECT_EQ(found[1].counts.size(), 0u);
  EXPECT_EQ(found[2].moments.count, 99u);
  double sum = 0, low = 1e9, high = -1e9;
  for (const float number : numbers_) {
    if (std::isnan(number)) continue;
    sum += static_cast<double>(number);
    low = std::min(low, static_cast<double>(number));
    high = std::max(high, static_cast<double>(number));
  }
  for (const std::size_t i : {3u, 4u}) {
    const Moments& moments = found[i].moments;
    EXPECT_EQ(moments.count, kCount - 1);
    EXPECT_EQ(moments.nan, 1u);
    EXPECT_EQ(moments.low, low);
    EXPECT_EQ(moments.high, high);
    EXPECT_NEAR(moments.mean, sum / static_cast<double>(kCount - 1), 1e-12);
    ASSERT_EQ(found[i].counts.size(), kBins);
    EXPECT_EQ(found[i].counts, found[3].counts);
  }
  for (const std::size_t i : {0u, 2u, 3u}) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : found[i].counts) all += count;
    EXPECT_EQ(all, found[i].moments.count);
  }
}

TEST_P(NumberStatisticsTest, ThreadsChangeNoBit) {
  const auto one = Describe(kAll, 1);
  const auto many = Describe(kAll, 7);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(std::memcmp(&one[i].moments, &many[i].moments, sizeof(Moments)),
              0);
    EXPECT_EQ(one[i].counts, many[i].counts);
  }
}

TEST_P(NumberStatisticsTest, ProgressEndsWithAllThatThereWas) {
  Progress progress;
  Describe(kAll, 2, &progress);
  EXPECT_GT(progress.total, 0u);
  EXPECT_EQ(progress.done, progress.total);
}

TEST_P(NumberStatisticsTest, DamageIsNamed) {
  if (GetParam().is_v1) GTEST_SKIP() << "its blocks are checked elsewhere";
  const std::string file = "m.data-00000-of-00001";
  std::string content = folder_.Read(file);
  content[content.size() - 5] ^= 1;
  folder_.Write(file, content);
  Open();
  EXPECT_THAT(CorruptionOf([&] { Describe({"whole"}, 2); }),
              HasSubstr("tensor 'whole'"));
  EXPECT_NO_THROW(Describe({"sliced"}, 2));
}

TEST_P(NumberStatisticsTest, NumbersInMemoryAreDescribedAlike) {
  const ByteView bytes(reinterpret_cast<const std::uint8_t*>(numbers_.data()),
                       numbers_.size() * sizeof(float));
  RunOptions options;
  options.threads = 3;
  const NumberStatistics found =
      DescribeNumbers({DType::kFloat, nullptr}, bytes, options);
  const NumberStatistics stored = Describe({"whole"}, 1).front();
  EXPECT_EQ(std::memcmp(&found.moments, &stored.moments, sizeof(Moments)), 0);
  EXPECT_EQ(found.counts, stored.counts);
}

TEST(NumberStatistics, WhatIsReadAgainIsCheckedAgain) {
  const Folder folder;
  std::vector<float> numbers(100'000, 1);
  numbers[5] = 2;
  BundleWriter writer(folder.Path("m"), {});
  writer.Add(std::vector{MakeInput("w", DType::kFloat, {100'000}, numbers)});
  writer.Finish();
  const auto fetcher = std::make_shared<FakeFetcher>();
  const BundleSource source(folder.Path("m"), fetcher, UINT64_MAX);
  const NumberTensor tensor = {source.Find("w").value(),
                               {DType::kFloat, nullptr}};
  const auto describe = [&] {
    return DescribeTensors(source, {&tensor, 1}, true, CheckRule::kOnce, {});
  };
  EXPECT_EQ(describe().front().counts.front(), 99'999u);
  fetcher->spoilt_from = 1;
  EXPECT_THAT(CorruptionOf(describe), HasSubstr("tensor 'w'"));
}

// So many small tensors that threads take them by batches, and beside them an
// empty one, a large one, and one of two slices.
class ParallelSmallNumbers : public ::testing::Test {
 protected:
  ParallelSmallNumbers() {
    std::vector<TensorInput> inputs;
    for (std::size_t i = 0; i < kSmall; ++i) {
      std::vector<float>& numbers = numbers_.emplace_back(i % 700);
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        numbers[k] = std::sin(static_cast<float>(i * k + 1));
      }
      inputs.push_back(MakeInput(NameOf(i), DType::kFloat,
                                 {static_cast<std::int64_t>(numbers.size())},
                                 numbers_.back()));
    }
    for (std::size_t i = 0; i < large_.size(); ++i) {
      large_[i] = std::cos(static_cast<float>(i));
    }
    const auto whole = static_cast<std::int64_t>(large_.size());
    inputs.push_back(MakeInput("large", DType::kFloat, {whole}, large_));
    for (const std::int64_t half : {0, 1}) {
      inputs.push_back(
          AsSlice(MakeInput("parts", DType::kFloat, {699}, numbers_[699]),
                  {2 * 699}, {{half * 699, 699}}));
    }
    BundleWriter writer(folder_.Path("m"), {});
    writer.Add(inputs);
    writer.Finish();
  }

  std::vector<NumberStatistics> Describe(const RunOptions& options,
                                         bool with_histogram,
                                         std::size_t times = 1) const {
    const BundleSource source(folder_.Path("m"), IoMode::kMap, UINT64_MAX);
    std::vector<NumberTensor> tensors;
    const auto add = [&](const std::string& name) {
      const std::size_t slot = source.Find(name).value();
      tensors.push_back({slot, MakeForm(DType::kFloat, nullptr)});
    };
    add("large");
    add("parts");
    for (std::size_t i = 0; i < kSmall; ++i) add(NameOf(i));
    const std::vector<NumberTensor> once = tensors;
    while (--times > 0) tensors.insert(tensors.end(), once.begin(), once.end());
    return DescribeTensors(source, tensors, with_histogram, CheckRule::kOnce,
                           options);
  }

  static std::string NameOf(std::size_t i) { return "s" + std::to_string(i); }

  static constexpr std::size_t kSmall = 3000;
  const Folder folder_;
  std::vector<std::vector<float>> numbers_;
  std::vector<float> large_ = std::vector<float>(300'000);
};

TEST_F(ParallelSmallNumbers, AreTheSameToTheLastBit) {
  for (const bool with_histogram : {false, true}) {
    RunOptions options;
    const auto one = Describe(options, with_histogram);
    options.threads = 7;
    const auto many = Describe(options, with_histogram);
    ASSERT_EQ(one.size(), many.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(std::memcmp(&one[i].moments, &many[i].moments, sizeof(Moments)),
                0);
      EXPECT_EQ(one[i].counts, many[i].counts);
    }
    EXPECT_EQ(one[0].moments.count, large_.size());
    EXPECT_EQ(one[1].moments.count, 2 * 699u);
    for (std::size_t i = 0; i < kSmall; ++i) {
      const Moments& moments = one[i + 2].moments;
      ASSERT_EQ(moments.count, i % 700);
      double sum = 0;
      for (const float number : numbers_[i]) sum += static_cast<double>(number);
      ASSERT_NEAR(moments.mean * static_cast<double>(moments.count), sum, 1e-9);
    }
  }
}

TEST_F(ParallelSmallNumbers, ProgressEndsWithAllThatThereWas) {
  for (const bool with_histogram : {false, true}) {
    Progress progress;
    RunOptions options;
    options.threads = 3;
    options.progress = &progress;
    Describe(options, with_histogram);
    EXPECT_GT(progress.total, large_.size() * sizeof(float));
    EXPECT_EQ(progress.done, progress.total);
  }
}

TEST_F(ParallelSmallNumbers, OneThatIsDamagedIsNamed) {
  const std::string file = "m.data-00000-of-00001";
  std::string content = folder_.Read(file);
  // The first is empty.
  content[1] ^= 1;
  folder_.Write(file, content);
  RunOptions options;
  options.threads = 3;
  EXPECT_THAT(CorruptionOf([&] { Describe(options, false); }),
              HasSubstr("tensor 's1'"));
}

TEST_F(ParallelSmallNumbers, WhoInterruptsEndsIt) {
  RunOptions options;
  options.threads = 3;
  options.interrupted = [] { return true; };
  // Long enough to be asked.
  EXPECT_THROW(Describe(options, true, 300), Interrupted);
}

}  // namespace
}  // namespace fastckpt::internal::number_statistics_test
