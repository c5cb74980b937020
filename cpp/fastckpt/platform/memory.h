// Memory: private memory for copies of tensors.
//
// 64-byte aligned; 2 MiB and more come straight from the system, aligned to and
// advised for huge pages, and are first touched by the threads that copy into
// them: that halves the cost of a copy into fresh memory.
//
// Source: madvise(2), Documentation/admin-guide/mm/transhuge.rst.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace fastckpt::internal {

class Memory {
 public:
  // Uninitialised or zero. Throws std::bad_alloc.
  static std::shared_ptr<Memory> Allocate(std::size_t size);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // The first byte; never null, even where the size is 0.
  std::uint8_t* data() const { return data_; }

 private:
  Memory(std::uint8_t* data, std::size_t mapped_size)
      : data_(data), mapped_size_(mapped_size) {}

  std::uint8_t* data_;
  std::size_t mapped_size_;  // 0: from the allocator
};

// Gives out memory for many tensors: a large one has an allocation of its own,
// small ones share slabs of at most 4 MiB, so that keeping one small tensor
// keeps little else.
class SlabAllocator {
 public:
  // `small_bytes` is about how much small tensors will ask for altogether.
  explicit SlabAllocator(std::uint64_t small_bytes)
      : small_left_(small_bytes) {}

  // Uninitialised bytes, and who keeps them.
  struct Place {
    std::uint8_t* data;
    std::shared_ptr<Memory> owner;
  };
  // Gives `size` bytes, 64-byte aligned. Throws std::bad_alloc.
  Place Allocate(std::size_t size);

  // Whether a tensor of this size shares a slab.
  static bool IsSmall(std::size_t size);
  // What it takes of a slab.
  static std::size_t Padded(std::size_t size);

 private:
  std::uint64_t small_left_;
  std::shared_ptr<Memory> slab_;
  std::size_t slab_size_ = 0;
  std::size_t slab_used_ = 0;
};

}  // namespace fastckpt::internal
