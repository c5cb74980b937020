#include "fastckpt/write/write_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "testing/folder.h"

namespace fastckpt::internal::write_buffer_test {
namespace {

// Cached and direct writing give the same bytes.
class WriteBufferTest : public ::testing::TestWithParam<bool> {
 protected:
  WriteBufferTest() {
    if (GetParam()) file_.AllowDirect();
  }

  std::string Content() const { return folder_.Read("tmp"); }

  const Folder folder_;
  OutputFile file_{std::make_shared<const Directory>(folder_.Path("")), "tmp",
                   "file"};
  BufferPool pool_;
};

std::string RandomBytes(std::mt19937* random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>((*random)());
  return bytes;
}

TEST_P(WriteBufferTest, BytesLandWhereTheyShouldFromAnyOffset) {
  std::mt19937 random(3);
  for (const std::uint64_t offset : {0u, 1u, 4095u, 4096u, 10'000u}) {
    WriteBuffer buffer(file_, offset, GetParam(), &pool_);
    std::string expected;
    while (expected.size() < 5'000'000) {
      const std::string part = RandomBytes(&random, random() % 700'000);
      buffer.Put(AsBytes(part));
      buffer.PutZeros(part.size() % 5000);
      expected += part + std::string(part.size() % 5000, '\0');
    }
    buffer.Finish();
    ASSERT_TRUE(Content().substr(offset, expected.size()) == expected)
        << offset;
  }
}

TEST_P(WriteBufferTest, NeighboursDoNotTouchEachOther) {
  const std::string first(6'000'001, 'a');
  const std::string second(5'000'001, 'b');
  WriteBuffer one(file_, 3, GetParam(), &pool_);
  WriteBuffer two(file_, 3 + first.size(), GetParam(), &pool_);
  two.Put(AsBytes(second));
  one.Put(AsBytes(first));
  one.Finish();
  two.Finish();
  EXPECT_TRUE(Content() == std::string(3, '\0') + first + second);
}

TEST_P(WriteBufferTest, BytesThatAreSkippedStayAsTheyWere) {
  std::mt19937 random(4);
  const std::string there = RandomBytes(&random, 6'000'000);
  file_.WriteAt(0, AsBytes(there));
  std::string expected = there;
  WriteBuffer buffer(file_, 10, GetParam(), &pool_);
  while (buffer.position() < 5'000'000) {
    const std::uint64_t at = buffer.position();
    const std::string part = RandomBytes(&random, random() % 500'000);
    buffer.Put(AsBytes(part));
    expected.replace(at, part.size(), part);
    buffer.Skip(random() % 100'000);
  }
  buffer.Finish();
  EXPECT_TRUE(Content() == expected);
}

TEST_P(WriteBufferTest, RoomIsNeverLessThanAsked) {
  WriteBuffer buffer(file_, 5, GetParam(), &pool_);
  for (int i = 0; i < 300'000; ++i) {
    const std::span<std::uint8_t> room = buffer.Room(16);
    ASSERT_GE(room.size(), 16u);
    std::fill_n(room.begin(), 9, std::uint8_t{'x'});
    buffer.Use(9);
  }
  buffer.Finish();
  EXPECT_TRUE(Content().substr(5) == std::string(2'700'000, 'x'));
}

TEST_P(WriteBufferTest, NothingIsWrittenBeforeItMust) {
  WriteBuffer buffer(file_, 0, GetParam(), &pool_);
  buffer.Put(AsBytes("few bytes"));
  EXPECT_EQ(Content(), "");
  buffer.Finish();
  EXPECT_EQ(Content(), "few bytes");
  buffer.Finish();
  EXPECT_EQ(Content(), "few bytes");
}

INSTANTIATE_TEST_SUITE_P(All, WriteBufferTest, ::testing::Values(false, true),
                         [](const auto& test) {
                           return test.param ? "Direct" : "Cached";
                         });

TEST(BufferPool, GivesBackWhatItGot) {
  BufferPool pool;
  BufferMemory memory = pool.Take();
  const std::uint8_t* address = memory.get();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(address) % kDirectAlignment, 0u);
  pool.Give(std::move(memory));
  EXPECT_EQ(pool.Take().get(), address);
}

}  // namespace
}  // namespace fastckpt::internal::write_buffer_test
