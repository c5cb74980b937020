#include "fastckpt/write/checkpoint_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "testing/folder.h"
#include "testing/forks.h"
#include "testing/inputs.h"
#include "testing/refusal.h"
#include "testing/threads.h"

namespace fastckpt::internal::checkpoint_writer_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class CheckpointWriterTest : public ::testing::TestWithParam<WriteFormat> {
 protected:
  std::vector<TensorInput> Input(const std::string& name) const {
    return {MakeInput(name, DType::kInt32, {2}, values_)};
  }

  // Of so many bytes, all of them the same one.
  std::vector<TensorInput> Large(std::int64_t size) const {
    TensorInput input = MakeInput("large", DType::kInt8, {1}, zero_);
    input.dims = {size};
    auto& array = std::get<StridedArray>(input.values);
    array.dims = {size};
    array.strides = {0};
    return {input};
  }

  std::string InvalidOf(const std::function<void()>& work) const {
    return Refusal(ErrorKind::kInvalid, work);
  }

  static WriteOptions Options() {
    WriteOptions options;
    options.sync = false;
    return options;
  }

  const std::vector<std::int32_t> values_ = {1, 2};
  const std::vector<std::int8_t> zero_ = {0};
  const Folder folder_;
  CheckpointWriter writer_{folder_.Path("m"), GetParam(), Options()};
};

INSTANTIATE_TEST_SUITE_P(EachFormat, CheckpointWriterTest,
                         ::testing::Values(WriteFormat::kV1, WriteFormat::kV2),
                         [](const auto& format) {
                           return format.param == WriteFormat::kV1 ? "V1"
                                                                   : "V2";
                         });

TEST_P(CheckpointWriterTest, WritesTheFilesOfItsFormat) {
  writer_.Add(Input("a"));
  EXPECT_TRUE(writer_.TryAdd(Input("b")));
  writer_.Finish();
  if (GetParam() == WriteFormat::kV1) {
    EXPECT_THAT(folder_.Names(), UnorderedElementsAre("m"));
  } else {
    EXPECT_THAT(folder_.Names(),
                UnorderedElementsAre("m.index", "m.data-00000-of-00001"));
  }
}

TEST_P(CheckpointWriterTest, ClosedWriterRefusesCallsAndAbortsAgain) {
  writer_.Add(Input("a"));
  writer_.Abort();
  writer_.Abort();
  EXPECT_THAT(folder_.Names(), IsEmpty());
  EXPECT_THAT(InvalidOf([&] { writer_.Add(Input("b")); }), HasSubstr("closed"));
  EXPECT_THAT(InvalidOf([&] { writer_.TryAdd(Input("b")); }),
              HasSubstr("closed"));
  EXPECT_THAT(InvalidOf([&] { writer_.Finish(); }), HasSubstr("closed"));
}

TEST_P(CheckpointWriterTest, AbortFromWithinFinishEndsItWithoutAFile) {
  writer_.Add(Input("a"));
  if (GetParam() == WriteFormat::kV1) writer_.Add(Large(9 << 20));
  const Interrupt abort = [&] {
    writer_.Abort();
    return false;
  };
  EXPECT_THAT(InvalidOf([&] { writer_.Finish(abort); }), HasSubstr("aborted"));
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

TEST_P(CheckpointWriterTest, OtherCallsFromWithinFinishAreRefused) {
  writer_.Add(Input("a"));
  if (GetParam() == WriteFormat::kV1) writer_.Add(Large(9 << 20));
  std::vector<std::string> refusals;
  const Interrupt call_again = [&] {
    EXPECT_FALSE(writer_.TryAdd(Input("b")));
    refusals.push_back(InvalidOf([&] { writer_.Add(Input("b")); }));
    refusals.push_back(InvalidOf([&] { writer_.Finish(); }));
    return false;
  };
  writer_.Finish(call_again);
  EXPECT_THAT(refusals, ::testing::Contains(HasSubstr("in the middle")));
  EXPECT_THAT(refusals, ::testing::Each(HasSubstr("can only abort")));
  EXPECT_FALSE(folder_.Names().empty());
}

TEST_P(CheckpointWriterTest, InterruptedFinishLeavesTheWriterToBeAborted) {
  writer_.Add(Input("a"));
  if (GetParam() == WriteFormat::kV1) writer_.Add(Large(9 << 20));
  EXPECT_THROW(writer_.Finish([] { return true; }), Interrupted);
  EXPECT_THAT(InvalidOf([&] { writer_.Finish(); }), HasSubstr("has failed"));
  writer_.Abort();
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

TEST_P(CheckpointWriterTest, ForkedChildIsRefusedAndRemovesNothing) {
  writer_.Add(Input("a"));
  const std::string refusal = "belongs to the process";
  EXPECT_EQ(InChild([&] {
              writer_.Abort();
              return InvalidOf([&] { writer_.Finish(); }).find(refusal) !=
                     std::string::npos;
            }),
            0);
  writer_.Finish();
  EXPECT_FALSE(folder_.Names().empty());
}

// Add asks from time to time only; the tensor grows until it does.
TEST(CheckpointWriterAdd, AbortFromWithinEndsItWithoutAFile) {
  const Folder folder;
  const std::int8_t zero = 0;
  bool was_asked = false;
  for (std::int64_t size = 64 << 20; !was_asked; size *= 2) {
    WriteOptions options;
    options.sync = false;
    CheckpointWriter writer(folder.Path("m"), WriteFormat::kV2, options);
    TensorInput input = MakeInput<std::int8_t>("w", DType::kInt8, {size}, {});
    auto& array = std::get<StridedArray>(input.values);
    array.data = reinterpret_cast<const std::uint8_t*>(&zero);
    array.strides = {0};
    const Interrupt abort = [&] {
      was_asked = true;
      writer.Abort();
      return false;
    };
    const std::string end =
        Refusal(ErrorKind::kInvalid, [&] { writer.Add({input}, abort); });
    if (was_asked) {
      EXPECT_THAT(end, HasSubstr("aborted in the middle"));
      EXPECT_THAT(folder.Names(), IsEmpty());
    }
  }
}

class CheckpointWriterConcurrency : public CheckpointWriterTest {};

INSTANTIATE_TEST_SUITE_P(EachFormat, CheckpointWriterConcurrency,
                         ::testing::Values(WriteFormat::kV1, WriteFormat::kV2),
                         [](const auto& format) {
                           return format.param == WriteFormat::kV1 ? "V1"
                                                                   : "V2";
                         });

TEST_P(CheckpointWriterConcurrency, ManyThreadsAddInTurns) {
  RunTogether(4, [&](std::size_t thread) {
    for (std::size_t i = 0; i < 50; ++i) {
      const auto input = Input(Numbered(Numbered("t", thread) + "_", i));
      if (!writer_.TryAdd(input)) writer_.Add(input);
    }
  });
  writer_.Finish();
  EXPECT_FALSE(folder_.Names().empty());
}

TEST_P(CheckpointWriterConcurrency, AbortByOneThreadEndsTheOthersCalls) {
  std::atomic<int> refused{0};
  RunTogether(4, [&](std::size_t thread) {
    if (thread == 0) return writer_.Abort();
    try {
      for (std::size_t i = 0;; ++i) {
        writer_.Add(Input(Numbered(Numbered("t", thread) + "_", i)));
      }
    } catch (const Error&) {
      ++refused;
    }
  });
  EXPECT_EQ(refused, 3);
  EXPECT_THAT(folder_.Names(), IsEmpty());
}

// The holder of the turn is in Finish until the waiter was interrupted.
TEST_P(CheckpointWriterConcurrency, WaitForATurnCanBeInterrupted) {
  writer_.Add(Input("a"));
  if (GetParam() == WriteFormat::kV1) writer_.Add(Large(9 << 20));
  std::atomic<bool> is_held{false};
  std::atomic<bool> has_ended{false};
  std::thread holder([&] {
    writer_.Finish([&] {
      is_held = true;
      while (!has_ended) std::this_thread::yield();
      return false;
    });
  });
  while (!is_held) std::this_thread::yield();
  EXPECT_FALSE(writer_.TryAdd(Input("b")));
  const Interrupt interrupted = [] { return true; };
  EXPECT_THROW(writer_.Add(Input("b"), interrupted), Interrupted);
  has_ended = true;
  holder.join();
  EXPECT_FALSE(folder_.Names().empty());
}

}  // namespace
}  // namespace fastckpt::internal::checkpoint_writer_test
