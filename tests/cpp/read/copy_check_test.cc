#include "fastckpt/read/copy_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "testing/folder.h"
#include "testing/refusal.h"

namespace fastckpt::internal::copy_check_test {
namespace {

using ::testing::HasSubstr;

using Bytes = std::vector<std::uint8_t>;

struct Way {
  IoMode mode;
  std::size_t threads;
  bool steadily = false;
};

// One file, cut into pieces of sizes around those at which work is divided.
class CopyCheckTest : public ::testing::TestWithParam<Way> {
 protected:
  CopyCheckTest() {
    std::mt19937 random(1);
    std::string bytes(kSize, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    folder_.Write("f", bytes);
    file_ = std::make_unique<DataFile>(folder_.Path("f"), GetParam().mode);
    bytes_.assign(bytes.begin(), bytes.end());
    std::uint64_t offset = 1;
    for (const std::uint64_t size :
         {0u, 1u, 1000u, 128u << 10, (128u << 10) + 1, 256u << 10,
          (256u << 10) - 1, (1u << 20) + 3, 5u << 20, 7u}) {
      pieces_.push_back(PieceAt(offset, size));
      offset += size;
    }
  }

  Piece PieceAt(std::uint64_t offset, std::uint64_t size) const {
    Piece piece;
    piece.box = {{0}, {static_cast<std::int64_t>(size)}};
    piece.file = file_.get();
    piece.offset = offset;
    piece.size = size;
    piece.crc32c = Crc32c(Stored(offset, size));
    return piece;
  }

  ByteView Stored(std::uint64_t offset, std::uint64_t size) const {
    return ByteView(bytes_).subspan(offset, size);
  }

  PieceTask Task(const Piece& piece) const {
    PieceTask task;
    task.piece = &piece;
    task.name = "t";
    return task;
  }

  std::vector<PieceTask> Tasks() const {
    std::vector<PieceTask> tasks;
    for (const Piece& piece : pieces_) tasks.push_back(Task(piece));
    return tasks;
  }

  RunOptions Options() const {
    RunOptions options;
    options.threads = GetParam().threads;
    options.steadily = GetParam().steadily;
    return options;
  }

  static constexpr std::size_t kSize = 9 << 20;
  const Folder folder_;
  std::unique_ptr<DataFile> file_;
  Bytes bytes_;
  std::vector<Piece> pieces_;
};

INSTANTIATE_TEST_SUITE_P(
    EachWay, CopyCheckTest,
    ::testing::Values(Way{IoMode::kMap, 1}, Way{IoMode::kMap, 4},
                      Way{IoMode::kMap, 1, true}, Way{IoMode::kMap, 4, true},
                      Way{IoMode::kRead, 1}, Way{IoMode::kRead, 4}));

TEST_P(CopyCheckTest, ChecksPiecesOfEverySize) {
  EXPECT_TRUE(RunTasks(Tasks(), Options()));
  EXPECT_TRUE(RunTasks({}, Options()));
}

TEST_P(CopyCheckTest, DenseCopiesAreTheBytes) {
  for (const bool check : {true, false}) {
    std::vector<PieceTask> tasks = Tasks();
    std::vector<Bytes> copies;
    for (PieceTask& task : tasks) {
      copies.emplace_back(task.piece->size + 1, 0xee);
      task.dense = copies.back().data();
      task.check = check;
    }
    EXPECT_TRUE(RunTasks(tasks, Options()));
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const Piece& piece = pieces_[i];
      EXPECT_TRUE(std::equal(copies[i].begin(), copies[i].end() - 1,
                             Stored(piece.offset, piece.size).begin()));
      EXPECT_EQ(copies[i].back(), 0xee);
    }
  }
}

// Every second byte, and a few bytes far apart, which are read one by one.
TEST_P(CopyCheckTest, StridedCopiesAreTheRegionsBytes) {
  const Piece piece = PieceAt(3, 5 << 20);
  for (const bool check : {true, false}) {
    for (const std::int64_t step : {2, 700'001}) {
      const Region region = {{1, (5 << 20) / step, step}};
      Bytes found(RegionCount(region));
      PieceTask task = Task(piece);
      task.check = check;
      task.strided =
          StridedCopy::Make(piece.box, region, {found.data(), {1}}, 1, 1);
      EXPECT_TRUE(RunTasks({task}, Options()));
      for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found[i], bytes_[4 + i * static_cast<std::size_t>(step)]);
      }
    }
  }
}

TEST_P(CopyCheckTest, FlippedBitAnywhereIsFoundAndPlaced) {
  for (const std::size_t i : {1u, 5u, 8u, 9u}) {
    std::vector<Piece> pieces = pieces_;
    pieces[i].crc32c ^= 0x80;
    std::vector<PieceTask> tasks;
    for (const Piece& piece : pieces) tasks.push_back(Task(piece));
    tasks[i].name = "wrong one";
    const std::string refusal =
        CorruptionOf([&] { RunTasks(tasks, Options()); });
    EXPECT_THAT(refusal, HasSubstr(folder_.Path("f")));
    EXPECT_THAT(refusal, HasSubstr("tensor 'wrong one'"));
    EXPECT_THAT(refusal,
                HasSubstr("at offset " + std::to_string(pieces[i].offset)));
    EXPECT_THAT(refusal,
                HasSubstr("stored checksum " + Hex32(pieces[i].crc32c) +
                          ", computed " + Hex32(pieces_[i].crc32c)));
    tasks[i].check = false;
    EXPECT_TRUE(RunTasks(tasks, Options()));
  }
}

TEST_P(CopyCheckTest, EveryFailedTaskIsReportedOnceWhereThatIsAskedFor) {
  std::vector<PieceTask> tasks = Tasks();
  for (const std::size_t i : {2u, 8u}) pieces_[i].crc32c ^= 1;
  RunOptions options = Options();
  std::map<std::size_t, int> failures;
  options.on_error = [&](std::size_t task, const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruption);
    ++failures[task];
  };
  EXPECT_TRUE(RunTasks(tasks, options));
  EXPECT_EQ(failures, (std::map<std::size_t, int>{{2, 1}, {8, 1}}));
}

TEST_P(CopyCheckTest, ProgressReachesTheBytesOfAllPieces) {
  Progress progress;
  RunOptions options = Options();
  options.progress = &progress;
  RunTasks(Tasks(), options);
  std::uint64_t bytes = 0;
  for (const Piece& piece : pieces_) bytes += piece.size;
  EXPECT_EQ(progress.total, bytes);
  EXPECT_EQ(progress.done, bytes);
}

TEST_P(CopyCheckTest, PiecesInMemoryAreCopiedWithoutACheck) {
  Piece piece;
  piece.box = {{0}, {1000}};
  piece.memory = Stored(0, 1000);
  piece.crc32c = 1;
  Bytes found(1000);
  PieceTask task = Task(piece);
  task.dense = found.data();
  EXPECT_TRUE(RunTasks({task}, Options()));
  EXPECT_TRUE(std::equal(found.begin(), found.end(), bytes_.begin()));
}

TEST_P(CopyCheckTest, FileThatWasCutIsAnErrorNotASignal) {
  std::filesystem::resize_file(folder_.Path("f"), 1 << 20);
  const bool is_read = GetParam().steadily || GetParam().mode == IoMode::kRead;
  EXPECT_THAT(CorruptionOf([&] { RunTasks(Tasks(), Options()); }),
              HasSubstr(is_read ? "it was cut" : "open the checkpoint again"));
}

TEST_P(CopyCheckTest, FileThatIsCutInTheMiddleIsAnErrorNotASignal) {
  if (GetParam().threads > 1)
    GTEST_SKIP() << "the others would be in its middle";
  pieces_[2].crc32c ^= 1;
  RunOptions options = Options();
  std::vector<std::size_t> failed;
  options.on_error = [&](std::size_t task, const Error&) {
    std::filesystem::resize_file(folder_.Path("f"), 1 << 12);
    failed.push_back(task);
  };
  RunTasks({Task(pieces_[2]), Task(pieces_[8])}, options);
  EXPECT_EQ(failed.front(), 0u);
  EXPECT_EQ(failed.back(), 1u);
}

// Failures that take their time, so that the run lasts longer than a poll.
TEST_P(CopyCheckTest, InterruptedRunSaysSo) {
  for (Piece& piece : pieces_) piece.crc32c ^= 1;
  std::vector<PieceTask> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(Task(pieces_[7]));
  RunOptions options = Options();
  options.interrupted = [] { return true; };
  options.on_error = [](std::size_t, const Error&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  };
  Progress progress;
  options.progress = &progress;
  EXPECT_FALSE(RunTasks(tasks, options));
  EXPECT_LT(progress.done, progress.total);
  EXPECT_THROW(RunInFileOrder(&tasks, options), Interrupted);
}

TEST_P(CopyCheckTest, RunInFileOrderSortsByPlace) {
  std::vector<PieceTask> tasks = Tasks();
  std::reverse(tasks.begin(), tasks.end());
  std::vector<Bytes> copies;
  for (PieceTask& task : tasks) {
    copies.emplace_back(task.piece->size);
    task.dense = copies.back().data();
  }
  RunInFileOrder(&tasks, Options());
  EXPECT_TRUE(std::is_sorted(tasks.begin(), tasks.end(),
                             [](const PieceTask& a, const PieceTask& b) {
                               return a.piece->offset < b.piece->offset;
                             }));
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const Piece& piece = pieces_[pieces_.size() - 1 - i];
    const ByteView stored = Stored(piece.offset, piece.size);
    EXPECT_TRUE(std::equal(copies[i].begin(), copies[i].end(), stored.begin()));
  }
}

}  // namespace
}  // namespace fastckpt::internal::copy_check_test
