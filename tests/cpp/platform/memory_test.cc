#include "fastckpt/platform/memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace fastckpt::internal::memory_test {
namespace {

bool IsAligned(const std::uint8_t* data, std::uintptr_t to) {
  return reinterpret_cast<std::uintptr_t>(data) % to == 0;
}

TEST(Memory, EverySizeIsAlignedAndWritable) {
  for (const std::size_t size :
       {0UL, 1UL, 63UL, 65UL, 1UL << 20, (2UL << 20) - 1, 2UL << 20,
        (2UL << 20) + 1, 5UL << 20}) {
    const auto memory = Memory::Allocate(size);
    EXPECT_TRUE(IsAligned(memory->data(), 64));
    std::memset(memory->data(), 0xab, size);
  }
}

TEST(Memory, LargeBlocksBeginAtAHugePage) {
  EXPECT_TRUE(IsAligned(Memory::Allocate(3 << 20)->data(), 2 << 20));
}

TEST(Memory, SizesThatNoMachineHasAreBadAlloc) {
  EXPECT_THROW(Memory::Allocate(SIZE_MAX), std::bad_alloc);
  EXPECT_THROW(Memory::Allocate(SIZE_MAX / 2), std::bad_alloc);
}

TEST(SlabAllocator, SmallTensorsShareASlabThatIsAsLargeAsTheyNeed) {
  const std::size_t padded = SlabAllocator::Padded(10);
  EXPECT_EQ(padded, 64u);
  SlabAllocator allocator(3 * padded);
  const auto a = allocator.Allocate(10);
  const auto b = allocator.Allocate(10);
  const auto c = allocator.Allocate(0);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.owner, c.owner);
  EXPECT_EQ(b.data, a.data + padded);
  EXPECT_EQ(c.data, b.data + padded);
}

TEST(SlabAllocator, LargeTensorsHaveMemoryOfTheirOwn) {
  SlabAllocator allocator(100);
  const auto small = allocator.Allocate(10);
  const auto large = allocator.Allocate(1 << 20);
  EXPECT_FALSE(SlabAllocator::IsSmall(1 << 20));
  EXPECT_TRUE(SlabAllocator::IsSmall((1 << 20) - 1));
  EXPECT_NE(small.owner, large.owner);
  EXPECT_EQ(large.data, large.owner->data());
}

// Nobody keeps more than 4 MiB by keeping a small tensor.
TEST(SlabAllocator, SlabsHoldFourMegabytesAtMost) {
  constexpr std::size_t kSize = 100'000;
  SlabAllocator allocator(1000 * kSize);
  std::vector<SlabAllocator::Place> places;
  for (int i = 0; i < 1000; ++i) places.push_back(allocator.Allocate(kSize));
  for (const auto& place : places) {
    EXPECT_TRUE(IsAligned(place.data, 64));
    const auto inside = place.data - place.owner->data();
    EXPECT_GE(inside, 0);
    EXPECT_LE(static_cast<std::size_t>(inside) + kSize, 4u << 20);
    std::memset(place.data, 0xab, kSize);
  }
}

TEST(SlabAllocator, MoreThanWasAnnouncedStillFits) {
  SlabAllocator allocator(0);
  const auto a = allocator.Allocate(1000);
  const auto b = allocator.Allocate(1000);
  std::memset(a.data, 1, 1000);
  std::memset(b.data, 2, 1000);
  EXPECT_EQ(a.data[999], 1);
}

}  // namespace
}  // namespace fastckpt::internal::memory_test
