// Many threads, and forked children, use one checkpoint at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fastckpt/read/checkpoint_reader.h"
#include "fastckpt/write/bundle_writer.h"
#include "fastckpt/write/v1_writer.h"
#include "testing/folder.h"
#include "testing/forks.h"
#include "testing/inputs.h"
#include "testing/threads.h"

namespace fastckpt::internal::checkpoint_reader_threads_test {
namespace {

using ::testing::IsEmpty;

constexpr std::size_t kThreads = 8;
constexpr std::size_t kTensors = 12;
constexpr std::int64_t kCount = 100'000;

enum class Format { kV1, kV2 };

struct Way {
  Format format;
  IoMode mode;
};

// Tensors "t0" to "t11" of floats, each filled with its number, and "v",
// whose two halves are filled with 1 and 2.
class CheckpointConcurrency : public ::testing::TestWithParam<Way> {
 protected:
  CheckpointConcurrency() {
    std::vector<std::vector<float>> values;
    for (std::size_t i = 0; i < kTensors; ++i) {
      values.emplace_back(kCount, static_cast<float>(i));
    }
    std::vector<TensorInput> inputs;
    for (std::size_t i = 0; i < kTensors; ++i) {
      inputs.push_back(
          MakeInput(Numbered("t", i), DType::kFloat, {kCount}, values[i]));
    }
    for (const std::int64_t half : {0, 1}) {
      const auto& of = values[static_cast<std::size_t>(half) + 1];
      inputs.push_back(AsSlice(MakeInput("v", DType::kFloat, {kCount}, of),
                               {2 * kCount}, {{half * kCount, kCount}}));
    }
    Write(inputs);
    checkpoint_ = Open();
    for (std::size_t slot = 0; slot < source().slot_count(); ++slot) {
      if (source().IsTensor(slot)) slots_.push_back(slot);
    }
  }

  void Write(const std::vector<TensorInput>& inputs) const {
    if (GetParam().format == Format::kV1) {
      V1Writer writer(folder_.Path("m"), /*sync=*/false);
      writer.Add(inputs);
      writer.Finish();
      return;
    }
    WriteOptions options;
    options.shards = 3;
    options.sync = false;
    BundleWriter writer(folder_.Path("m"), options);
    writer.Add(inputs);
    writer.Finish();
  }

  std::unique_ptr<CheckpointReader> Open() const {
    const std::string path = folder_.Path("m");
    if (GetParam().format == Format::kV1) {
      return CheckpointReader::OpenV1({path}, GetParam().mode, Checking::kOnce);
    }
    return CheckpointReader::OpenBundle(path, GetParam().mode, Checking::kOnce,
                                        UINT64_MAX);
  }

  const TensorSource& source() const { return checkpoint_->source(); }

  static RunOptions Options(std::size_t threads = 2) {
    RunOptions options;
    options.threads = threads;
    return options;
  }

  // True if the array is the slot's tensor.
  bool IsRight(std::size_t slot, const ArrayBytes& array) const {
    const std::string_view name = source().Facts(slot).name;
    const bool is_sliced = name == "v";
    const std::size_t count = kCount * (is_sliced ? 2 : 1);
    if (array.size != count * sizeof(float)) return false;
    for (std::size_t i = 0; i < count; i += 997) {
      float value;
      std::memcpy(&value, array.data + i * sizeof value, sizeof value);
      const float expected = is_sliced ? 1.0f + static_cast<float>(i / kCount)
                                       : std::stof(std::string(name.substr(1)));
      if (value != expected) return false;
    }
    return true;
  }

  bool AreRight(const std::vector<ArrayBytes>& arrays) const {
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      if (!IsRight(slots_[i], arrays[i])) return false;
    }
    return arrays.size() == slots_.size();
  }

  const Folder folder_;
  std::unique_ptr<CheckpointReader> checkpoint_;
  std::vector<std::size_t> slots_;
};

INSTANTIATE_TEST_SUITE_P(EachWay, CheckpointConcurrency,
                         ::testing::Values(Way{Format::kV1, IoMode::kMap},
                                           Way{Format::kV1, IoMode::kRead},
                                           Way{Format::kV2, IoMode::kMap},
                                           Way{Format::kV2, IoMode::kRead}));

TEST_P(CheckpointConcurrency, ThreadsTakeEverythingAtOnce) {
  RunTogether(kThreads, [&](std::size_t) {
    const auto taken = checkpoint_->Take(slots_, Options(), true);
    EXPECT_TRUE(taken && AreRight(*taken));
  });
}

TEST_P(CheckpointConcurrency, ThreadsThatMayNotWaitGetEverythingOrNothing) {
  // It may be that nobody gets them: each found another one's claim.
  RunTogether(kThreads, [&](std::size_t) {
    const auto taken = checkpoint_->Take(slots_, Options(), false);
    EXPECT_TRUE(!taken || AreRight(*taken));
  });
  EXPECT_TRUE(checkpoint_->Take(slots_, Options(), false));
}

TEST_P(CheckpointConcurrency, EveryKindOfCallRunsBesideTheOthers) {
  RunTogether(kThreads, [&](std::size_t i) {
    switch (i % 4) {
      case 0:
        EXPECT_TRUE(AreRight(*checkpoint_->Take(slots_, Options(), true)));
        return;
      case 1:
        EXPECT_TRUE(AreRight(checkpoint_->Copy(slots_, Options())));
        return;
      case 2:
        EXPECT_THAT(checkpoint_->Verify(Options()).problems, IsEmpty());
        return;
      default:
        for (const std::size_t slot : slots_) {
          const auto ready = checkpoint_->FindReady(slot);
          EXPECT_TRUE(!ready || IsRight(slot, *ready));
          const auto one = checkpoint_->Take({&slot, 1}, Options(1), true);
          EXPECT_TRUE(IsRight(slot, (*one)[0]));
        }
    }
  });
}

// Two threads that claim in opposite orders wait for each other only if one
// waits while it holds a claim.
TEST_P(CheckpointConcurrency, OppositeOrdersDoNotDeadlock) {
  for (int round = 0; round < 20; ++round) {
    const auto fresh = Open();
    RunTogether(4, [&](std::size_t i) {
      std::vector<std::size_t> order = slots_;
      if (i % 2 == 1) std::reverse(order.begin(), order.end());
      EXPECT_TRUE(fresh->Take(order, Options(), true));
    });
  }
}

TEST_P(CheckpointConcurrency, DamageIsToldToEveryThread) {
  const std::string name =
      GetParam().format == Format::kV1 ? "m" : "m.data-00000-of-00003";
  std::string bytes = folder_.Read(name);
  bytes[bytes.size() / 2] ^= 1;
  folder_.Write(name, bytes);
  const auto damaged = Open();
  std::atomic<int> refused{0};
  RunTogether(kThreads, [&](std::size_t) {
    try {
      damaged->Take(slots_, Options(), true);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
      ++refused;
    }
  });
  EXPECT_EQ(refused, static_cast<int>(kThreads));
}

// What was checked is not checked again: of bytes that change afterwards a
// view tells nothing, while a copy, which is checked each time, does.
class CheckOnceConcurrency : public CheckpointConcurrency {
 protected:
  // As a disk does it, which leaves the time of change as it was.
  void Damage() const {
    const std::string path = folder_.Path("m.data-00001-of-00003");
    const auto time = std::filesystem::last_write_time(path);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(1000);
    file.put('\x55');
    file.close();
    std::filesystem::last_write_time(path, time);
  }
};

INSTANTIATE_TEST_SUITE_P(MappedV2, CheckOnceConcurrency,
                         ::testing::Values(Way{Format::kV2, IoMode::kMap}));

TEST_P(CheckOnceConcurrency, ViewsAreCheckedOnceAndCopiesEachTime) {
  const auto take_views = [&](std::size_t) {
    for (const std::size_t slot : slots_) {
      if (!source().IsView(slot)) continue;
      EXPECT_TRUE(checkpoint_->Take({&slot, 1}, Options(), true));
    }
  };
  RunTogether(kThreads, [&](std::size_t) {
    EXPECT_TRUE(checkpoint_->Take(slots_, Options(), true));
  });
  Damage();
  RunTogether(kThreads, take_views);
  std::atomic<int> refused{0};
  RunTogether(kThreads, [&](std::size_t) {
    try {
      checkpoint_->Copy(slots_, Options());
    } catch (const Error&) {
      ++refused;
    }
  });
  EXPECT_EQ(refused, static_cast<int>(kThreads));
  // What a copy found wrong is no view that was found right any more.
  EXPECT_THROW(take_views(0), Error);
  EXPECT_EQ(checkpoint_->Verify(Options()).problems.size(), 1u);
}

class ForkConcurrency : public CheckpointConcurrency {
 protected:
  void SetUp() override {
    if (!kCanForkBesideThreads) GTEST_SKIP() << "the sanitizer cannot";
  }
};

INSTANTIATE_TEST_SUITE_P(EachWay, ForkConcurrency,
                         ::testing::Values(Way{Format::kV1, IoMode::kMap},
                                           Way{Format::kV2, IoMode::kMap},
                                           Way{Format::kV2, IoMode::kRead}));

TEST_P(ForkConcurrency, ChildReadsWhatItsParentOpened) {
  EXPECT_EQ(InChild([&] {
              return AreRight(*checkpoint_->Take(slots_, Options(), true)) &&
                     AreRight(checkpoint_->Copy(slots_, Options())) &&
                     checkpoint_->Verify(Options()).problems.empty();
            }),
            0);
  EXPECT_TRUE(AreRight(*checkpoint_->Take(slots_, Options(), true)));
}

// A thread opens and checks all the time; whatever it holds at the moment of
// the fork, the child can read everything, and so can its own child.
TEST_P(ForkConcurrency, ChildOfAForkDuringAnotherThreadsCheckReadsEverything) {
  for (int round = 0; round < 30; ++round) {
    std::atomic<bool> is_checking{false};
    checkpoint_ = Open();
    std::thread checker([&] {
      is_checking = true;
      checkpoint_->Take(slots_, Options(1), true);
    });
    while (!is_checking) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(20 * round));
    const int status = InChild([&] {
      const auto read = [&] {
        return AreRight(*checkpoint_->Take(slots_, Options(1), true));
      };
      return read() && InChild(read) == 0;
    });
    checker.join();
    ASSERT_EQ(status, 0) << round;
    ASSERT_TRUE(AreRight(*checkpoint_->Take(slots_, Options(), true)));
  }
}

}  // namespace
}  // namespace fastckpt::internal::checkpoint_reader_threads_test
