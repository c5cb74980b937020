// Every routine that the processor can run, and the public entry, go through
// the same tests; see AllRoutines.
#include "fastckpt/codec/crc32c.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <list>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace fastckpt::internal::crc32c_test {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes RandomBytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// The definition, one bit at a time (FORMAT.md section 4.1).
std::uint32_t SlowExtend(std::uint32_t crc, ByteView bytes) {
  std::uint32_t state = ~crc;
  for (const std::uint8_t byte : bytes) {
    state ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      state = (state >> 1) ^ ((state & 1) != 0 ? 0x82f63b78 : 0);
    }
  }
  return ~state;
}

std::vector<Crc32cRoutines> AllRoutines() {
  const auto available = AvailableCrc32c();
  std::vector<Crc32cRoutines> all(available.begin(), available.end());
  static std::list<std::string> names;
  for (const Crc32cRoutines& routines : available) {
    names.push_back(std::string(routines.name) + ", past caches");
    const auto past = routines.extend_copy_past;
    all.push_back({names.back().c_str(), routines.extend, past, past});
  }
  all.push_back(
      {"public", ExtendCrc32c, ExtendCrc32cCopy, ExtendCrc32cCopyPastCaches});
  all.push_back({"public, past caches", ExtendCrc32c,
                 ExtendCrc32cCopyPastCaches, ExtendCrc32cCopyPastCaches});
  return all;
}

class Crc32cTest : public testing::TestWithParam<Crc32cRoutines> {
 protected:
  std::uint32_t Extend(std::uint32_t crc, ByteView bytes) {
    return GetParam().extend(crc, bytes.data(), bytes.size());
  }
};

std::string TestName(const testing::TestParamInfo<Crc32cRoutines>& test) {
  std::string name = test.param.name;
  for (char& letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Crc32cTest, testing::ValuesIn(AllRoutines()),
                         TestName);

// RFC 3720 B.4 and FORMAT.md section 4.2.
TEST_P(Crc32cTest, GivesThePublishedValues) {
  Bytes ascending(32);
  std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
  const Bytes descending(ascending.rbegin(), ascending.rend());
  const Bytes scsi_read = {
      0x01, 0xc0, 0, 0, 0, 0, 0,    0, 0,    0, 0, 0,    0, 0, 0, 0,
      0x14, 0,    0, 0, 0, 0, 0x04, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
      0x28, 0,    0, 0, 0, 0, 0,    0, 0x02, 0, 0, 0,    0, 0, 0, 0};
  EXPECT_EQ(Extend(0, {}), 0u);
  EXPECT_EQ(Extend(0, AsBytes("a")), 0xc1d04330u);
  EXPECT_EQ(Extend(0, AsBytes("123456789")), 0xe3069283u);
  EXPECT_EQ(Extend(0, Bytes(32, 0x00)), 0x8a9136aau);
  EXPECT_EQ(Extend(0, Bytes(32, 0xff)), 0x62a8ab43u);
  EXPECT_EQ(Extend(0, ascending), 0x46dd794eu);
  EXPECT_EQ(Extend(0, descending), 0x113fdb5cu);
  EXPECT_EQ(Extend(0, scsi_read), 0xd9963a56u);
  EXPECT_EQ(Extend(0, Bytes{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}), 0x28c0c9b1u);
}

TEST_P(Crc32cTest, AgreesWithTheDefinitionAtEveryLengthAndAlignment) {
  constexpr std::size_t kLengths = 600;
  const Bytes bytes = RandomBytes(64 + kLengths, 1);
  for (std::size_t start = 0; start <= 64; ++start) {
    std::uint32_t expected = 0x12345678;
    for (std::size_t size = 0; size < kLengths; ++size) {
      const ByteView part = ByteView(bytes).subspan(start, size);
      ASSERT_EQ(Extend(0x12345678, part), expected)
          << "start " << start << ", size " << size;
      expected = SlowExtend(expected, ByteView(&bytes[start + size], 1));
    }
  }
}

TEST_P(Crc32cTest, AgreesWithTheDefinitionOnLargeInput) {
  const Bytes bytes = RandomBytes(3'000'000, 2);
  std::mt19937 random(3);
  for (int i = 0; i < 12; ++i) {
    const std::size_t start = random() % 100;
    const std::size_t size = random() % (bytes.size() - start);
    const ByteView part = ByteView(bytes).subspan(start, size);
    ASSERT_EQ(Extend(0, part), SlowExtend(0, part))
        << "start " << start << ", size " << size;
  }
}

// Sizes around every power of two: where block loops begin and end.
TEST_P(Crc32cTest, AgreesWithTheDefinitionAroundBlockBoundaries) {
  const Bytes bytes = RandomBytes(70'000, 4);
  std::uint32_t expected = 0;
  std::size_t done = 0;
  for (std::size_t power = 512; power <= 65536; power *= 2) {
    for (std::size_t size = power - 70; size <= power + 70; ++size) {
      expected = SlowExtend(expected, ByteView(&bytes[done], size - done));
      done = size;
      ASSERT_EQ(Extend(0, ByteView(bytes.data(), size)), expected) << size;
    }
  }
}

TEST_P(Crc32cTest, ExtendsAcrossASplitAnywhere) {
  const Bytes bytes = RandomBytes(700, 5);
  const std::uint32_t whole = SlowExtend(0, bytes);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    const std::uint32_t head = Extend(0, ByteView(bytes).first(split));
    ASSERT_EQ(Extend(head, ByteView(bytes).subspan(split)), whole) << split;
  }
}

// Copies `size` bytes to `start` and looks at what lies around, too.
void CheckCopy(const Crc32cRoutines& routines, const Bytes& bytes,
               std::size_t from, std::size_t start, std::size_t size) {
  Bytes target(start + size + 128, 0xa5);
  Bytes expected = target;
  std::copy_n(&bytes[from], size, &expected[start]);
  const std::uint32_t crc =
      routines.extend_copy(77, &target[start], &bytes[from], size);
  ASSERT_EQ(crc, routines.extend(77, &bytes[from], size));
  ASSERT_TRUE(target == expected);
}

TEST_P(Crc32cTest, CopiesTheBytesAndNothingElse) {
  const Bytes bytes = RandomBytes(800, 6);
  for (std::size_t start = 0; start <= 64; start += 7) {
    for (std::size_t size = 0; size < 600; ++size) {
      ASSERT_NO_FATAL_FAILURE(
          CheckCopy(GetParam(), bytes, (start * 5) % 64, 64 + start, size))
          << "start " << start << ", size " << size;
    }
  }
}

// From where the copy's alignment matters.
TEST_P(Crc32cTest, CopiesToAnyAlignment) {
  const Bytes bytes = RandomBytes(5000, 8);
  for (std::size_t start = 0; start < 64; ++start) {
    for (const std::size_t size : {4096u, 4097u, 4159u, 4225u, 4607u, 4800u}) {
      ASSERT_NO_FATAL_FAILURE(
          CheckCopy(GetParam(), bytes, (start * 5) % 64, start, size))
          << "start " << start << ", size " << size;
    }
  }
}

TEST_P(Crc32cTest, CopiesLargeInput) {
  const Bytes bytes = RandomBytes(2'000'000, 7);
  for (const std::size_t size : {4095u, 4097u, 65536u, 1000003u, 1999000u}) {
    ASSERT_NO_FATAL_FAILURE(CheckCopy(GetParam(), bytes, 13, 101, size))
        << size;
  }
}

// One page that may be touched between two that may not.
class GuardedPage {
 public:
  GuardedPage()
      : size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        pages_(static_cast<std::uint8_t*>(mmap(nullptr, 3 * size_, PROT_NONE,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1,
                                               0))) {
    mprotect(begin(), size_, PROT_READ | PROT_WRITE);
  }
  ~GuardedPage() { munmap(pages_, 3 * size_); }
  GuardedPage(const GuardedPage&) = delete;
  GuardedPage& operator=(const GuardedPage&) = delete;

  std::uint8_t* begin() { return pages_ + size_; }
  std::uint8_t* end() { return begin() + size_; }

 private:
  std::size_t size_;
  std::uint8_t* pages_;
};

TEST_P(Crc32cTest, TouchesNothingBeyondTheEndsOfItsMemory) {
  GuardedPage source;
  GuardedPage target;
  const auto copy = GetParam().extend_copy;
  for (std::size_t size = 0; size <= 1500; ++size) {
    const std::uint32_t crc = Extend(0, ByteView(source.begin(), size));
    EXPECT_EQ(Extend(0, ByteView(source.end() - size, size)), crc);
    EXPECT_EQ(copy(0, target.begin(), source.end() - size, size), crc);
    EXPECT_EQ(copy(0, target.end() - size, source.begin(), size), crc);
  }
  // All of the page: the largest of copies whose stores are chosen by size.
  const std::size_t page =
      static_cast<std::size_t>(target.end() - target.begin());
  const std::uint32_t crc = Extend(0, ByteView(source.begin(), page));
  EXPECT_EQ(copy(0, target.begin(), source.begin(), page), crc);
}

#if defined(__SANITIZE_THREAD__)
#define FASTCKPT_RACE_ON_PURPOSE 0
#elif defined(__has_feature)
#define FASTCKPT_RACE_ON_PURPOSE !__has_feature(thread_sanitizer)
#else
#define FASTCKPT_RACE_ON_PURPOSE 1
#endif

#if FASTCKPT_RACE_ON_PURPOSE
// Adds to all bytes, again and again, until it is destroyed.
class Meddler {
 public:
  explicit Meddler(Bytes* bytes) : thread_([this, bytes] { Run(bytes); }) {
    while (rounds_ == 0) std::this_thread::yield();
  }
  ~Meddler() {
    done_ = true;
    thread_.join();
  }

 private:
  void Run(Bytes* bytes) {
    for (; !done_; ++rounds_) {
      for (volatile std::uint8_t& byte : *bytes) {
        byte = static_cast<std::uint8_t>(byte + 1);
      }
    }
  }

  std::atomic<bool> done_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

// As when a file is written while its mapping is copied.
TEST_P(Crc32cTest, SumsTheBytesThatItCopiedWhileTheSourceChanges) {
  Bytes source(4321);
  Bytes target(source.size());
  const Meddler meddler(&source);
  for (int i = 0; i < 40'000; ++i) {
    const std::size_t size = source.size() >> (i % 12);
    const std::uint32_t crc =
        GetParam().extend_copy(0, target.data(), source.data(), size);
    ASSERT_EQ(Extend(0, ByteView(target.data(), size)), crc) << size;
  }
}
#endif

TEST(Crc32cCombineTest, JoinsASplitAnywhere) {
  const Bytes bytes = RandomBytes(700, 8);
  const std::uint32_t whole = Crc32c(bytes);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    const std::uint32_t head = Crc32c(ByteView(bytes).first(split));
    const std::uint32_t tail = Crc32c(ByteView(bytes).subspan(split));
    ASSERT_EQ(CombineCrc32c(head, tail, bytes.size() - split), whole) << split;
  }
}

// FORMAT.md section 4.4; the powers are x^8, x^64 and x^(8 * 4096), times 1.
TEST(Crc32cCombineTest, GivesTheValuesOfTheFormatDescription) {
  const std::uint32_t hello = Crc32c(AsBytes("hello "));
  const std::uint32_t world = Crc32c(AsBytes("world, crc"));
  EXPECT_EQ(CombineCrc32c(hello, world, 10), 0x7fcaf08du);
  EXPECT_EQ(CombineCrc32c(0x80000000, 0, 1), 0x00800000u);
  EXPECT_EQ(CombineCrc32c(0x80000000, 0, 8), 0x6ea2d55cu);
  EXPECT_EQ(CombineCrc32c(0x80000000, 0, 4096), 0x35d73a62u);
}

// The powers of x repeat after 2^31 - 1, so 2^62 zero bytes do what one does.
TEST(Crc32cCombineTest, TakesSizesUpTo64Bits) {
  constexpr std::uint64_t kMany = std::uint64_t{1} << 62;
  const auto zeros = [](std::uint64_t size) {
    return CombineCrc32c(0xdeadbeef, 0, size);
  };
  EXPECT_EQ(zeros(kMany), zeros(1));
  EXPECT_EQ(zeros(2 * kMany), zeros(2));
  EXPECT_EQ(zeros(~std::uint64_t{0}), zeros(3));
  EXPECT_NE(zeros(1), zeros(0));
}

// FORMAT.md section 4.2.
TEST(Crc32cMaskTest, GivesTheValuesOfTheFormatDescription) {
  EXPECT_EQ(MaskCrc32c(0x00000000), 0xa282ead8u);
  EXPECT_EQ(MaskCrc32c(0xc1d04330), 0x28e46e78u);
  EXPECT_EQ(MaskCrc32c(0xe3069283), 0xc78ab0e5u);
  EXPECT_EQ(MaskCrc32c(0x28c0c9b1), 0x35e53c59u);
}

TEST(Crc32cMaskTest, UnmaskUndoesMask) {
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
    EXPECT_EQ(UnmaskCrc32c(MaskCrc32c(bit)), bit);
    EXPECT_EQ(UnmaskCrc32c(MaskCrc32c(~bit)), ~bit);
  }
}

TEST(Crc32cDispatchTest, UsesTheFirstOfTheAvailableRoutines) {
  EXPECT_STREQ(Crc32cImplementation(), AvailableCrc32c().front().name);
  EXPECT_STREQ(AvailableCrc32c().back().name, "portable");
}

}  // namespace
}  // namespace fastckpt::internal::crc32c_test
