// Files that other threads open while a child is forked.
#include "fastckpt/platform/fork_gate.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "fastckpt/platform/file_reader.h"
#include "testing/folder.h"
#include "testing/forks.h"
#include "testing/threads.h"

namespace fastckpt::internal::fork_gate_test {
namespace {

class ForkGateConcurrency : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kCanForkBesideThreads) GTEST_SKIP() << "the sanitizer cannot";
  }

  const Folder folder_;
};

// What a child's memory says is open is open there. Small pages make the time
// long between the copy of the descriptors and the end of that of the memory,
// in which a thread opens one file after another.
TEST_F(ForkGateConcurrency, ChildCanUseEveryFileThatItsMemoryKnows) {
  folder_.Write("f", "0123456789");
  std::vector<std::uint8_t> pages(std::size_t{64} << 20);
  madvise(pages.data(), pages.size(), MADV_NOHUGEPAGE);
  std::fill(pages.begin(), pages.end(), 1);

  std::atomic<const FileReader*> newest{nullptr};
  std::atomic<bool> is_over{false};
  std::thread opener([&] {
    std::vector<std::optional<FileReader>> opened(200);
    while (!is_over) {
      for (auto& reader : opened) {
        reader.emplace(folder_.Path("f"));
        newest = &*reader;
      }
      newest = nullptr;
      for (auto& reader : opened) reader.reset();
    }
  });
  int failures = 0;
  for (int round = 0; round < 200; ++round) {
    failures += InChild([&] {
                  if (const FileReader* reader = newest) reader->CheckSize();
                  return true;
                }) != 0;
  }
  is_over = true;
  opener.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(ForkGateConcurrency, ForkWaitsForGatesAndGatesForForks) {
  std::atomic<bool> is_held{false};
  std::atomic<bool> is_released{false};
  std::thread holder([&] {
    const ForkGate gate;
    is_held = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    is_released = true;
  });
  while (!is_held) std::this_thread::yield();
  const int status = InChild([&] {
    const bool has_waited = is_released;
    const ForkGate gate;
    return has_waited;
  });
  EXPECT_EQ(status, 0);
  const ForkGate again;
  holder.join();
}

// Two forks at once, beside threads that hold a gate most of the time.
TEST_F(ForkGateConcurrency, ManyForksAndManyGatesAllEnd) {
  std::atomic<int> forking{2};
  std::atomic<int> failures{0};
  RunTogether(6, [&](std::size_t i) {
    if (i >= 2) {
      while (forking > 0) const ForkGate gate;
      return;
    }
    for (int round = 0; round < 50; ++round) {
      failures += InChild([] {
                    const ForkGate gate;
                    return true;
                  }) != 0;
    }
    --forking;
  });
  EXPECT_EQ(failures, 0);
}

}  // namespace
}  // namespace fastckpt::internal::fork_gate_test
