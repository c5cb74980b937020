#include "fastckpt/platform/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace fastckpt::internal {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = 2 << 20;
constexpr std::size_t kSlab = 4 << 20;
constexpr std::size_t kLarge = 1 << 20;

std::size_t RoundUp(std::size_t size, std::size_t to) {
  return (size + to - 1) / to * to;
}

// Maps `size` bytes (a multiple of the page size) at a huge page's border.
std::uint8_t* MapAligned(std::size_t size) {
  if (size > SIZE_MAX - kHugePage) throw std::bad_alloc();
  void* mapped = mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* begin = static_cast<std::uint8_t*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t before = RoundUp(address, kHugePage) - address;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + size, kHugePage - before);
#ifdef MADV_HUGEPAGE
  madvise(begin + before, size, MADV_HUGEPAGE);
#endif
  return begin + before;
}

}  // namespace

std::shared_ptr<Memory> Memory::Allocate(std::size_t size) {
  if (size > SIZE_MAX - 2 * kHugePage) throw std::bad_alloc();
  if (size >= kHugePage) {
    const std::size_t mapped = RoundUp(size, 1 << 16);
    return std::shared_ptr<Memory>(new Memory(MapAligned(mapped), mapped));
  }
  const std::size_t rounded =
      RoundUp(std::max<std::size_t>(size, 1), kAlignment);
  void* data = std::aligned_alloc(kAlignment, rounded);
  if (data == nullptr) throw std::bad_alloc();
  return std::shared_ptr<Memory>(
      new Memory(static_cast<std::uint8_t*>(data), 0));
}

Memory::~Memory() {
  if (mapped_size_ > 0) {
    munmap(data_, mapped_size_);
  } else {
    std::free(data_);
  }
}

bool SlabAllocator::IsSmall(std::size_t size) { return size < kLarge; }

std::size_t SlabAllocator::Padded(std::size_t size) {
  return RoundUp(std::max<std::size_t>(size, 1), kAlignment);
}

SlabAllocator::Place SlabAllocator::Allocate(std::size_t size) {
  if (!IsSmall(size)) {
    auto memory = Memory::Allocate(size);
    return {memory->data(), memory};
  }
  const std::size_t padded = Padded(size);
  if (!slab_ || slab_size_ - slab_used_ < padded) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(small_left_, kSlab));
    slab_size_ = std::max(wanted, padded);
    slab_ = Memory::Allocate(slab_size_);
    slab_used_ = 0;
  }
  Place place{slab_->data() + slab_used_, slab_};
  slab_used_ += padded;
  small_left_ -= std::min<std::uint64_t>(small_left_, padded);
  return place;
}

}  // namespace fastckpt::internal
