#include "fastckpt/write/write_buffer.h"

#include <algorithm>
#include <new>
#include <utility>

namespace fastckpt::internal {
namespace {

// The disk works well on pieces of this size, and threads stay flat in memory.
constexpr std::uint64_t kDirectCapacity = std::uint64_t{2} << 20;
// Fits the second-level cache beside what it is filled from.
constexpr std::uint64_t kCachedCapacity = std::uint64_t{256} << 10;

std::uint64_t RoundDown(std::uint64_t offset) {
  return offset / kDirectAlignment * kDirectAlignment;
}

std::uint64_t RoundUp(std::uint64_t offset) {
  return RoundDown(offset + kDirectAlignment - 1);
}

}  // namespace

BufferMemory BufferPool::Take() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      BufferMemory memory = std::move(free_.back());
      free_.pop_back();
      return memory;
    }
  }
  void* memory = std::aligned_alloc(kDirectAlignment, kDirectCapacity);
  if (memory == nullptr) throw std::bad_alloc();
  return BufferMemory(static_cast<std::uint8_t*>(memory));
}

void BufferPool::Give(BufferMemory memory) {
  const std::lock_guard<std::mutex> lock(mutex_);
  free_.push_back(std::move(memory));
}

// The memory has the file's own alignment: block boundaries are the same.
WriteBuffer::WriteBuffer(const OutputFile& file, std::uint64_t offset,
                         bool direct, BufferPool* pool)
    : file_(file),
      pool_(pool),
      memory_(pool->Take()),
      direct_(direct),
      capacity_(direct ? kDirectCapacity : kCachedCapacity),
      base_(RoundDown(offset)),
      begin_(offset - base_),
      end_(begin_) {}

WriteBuffer::~WriteBuffer() { pool_->Give(std::move(memory_)); }

std::span<std::uint8_t> WriteBuffer::Room(std::uint64_t unit) {
  if (capacity_ - end_ < unit) WriteOut();
  return {memory_.get() + end_, static_cast<std::size_t>(capacity_ - end_)};
}

void WriteBuffer::Put(ByteView bytes) {
  while (!bytes.empty()) {
    const std::span<std::uint8_t> room = Room(1);
    const std::size_t size = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), size, room.begin());
    Use(size);
    bytes = bytes.subspan(size);
  }
}

void WriteBuffer::PutZeros(std::uint64_t size) {
  while (size > 0) {
    const std::span<std::uint8_t> room = Room(1);
    const std::uint64_t step = std::min<std::uint64_t>(room.size(), size);
    std::fill_n(room.begin(), step, std::uint8_t{0});
    Use(step);
    size -= step;
  }
}

void WriteBuffer::Skip(std::uint64_t size) {
  const std::uint64_t next = position() + size;
  Finish();
  base_ = RoundDown(next);
  begin_ = next - base_;
  end_ = begin_;
}

void WriteBuffer::Finish() {
  if (direct_) WriteBlocks();
  WriteRange(begin_, end_);
  begin_ = end_;
}

void WriteBuffer::WriteOut() {
  if (direct_) {
    WriteBlocks();
  } else {
    WriteRange(begin_, end_);
    begin_ = end_;
  }
  // What is left, less than a block, moves to the front.
  const std::uint64_t front = RoundDown(begin_);
  std::copy(memory_.get() + begin_, memory_.get() + end_,
            memory_.get() + (begin_ - front));
  base_ += front;
  begin_ -= front;
  end_ -= front;
}

// Writes up to the last whole block; what comes before the first goes through
// the cache.
void WriteBuffer::WriteBlocks() {
  const std::uint64_t first = RoundUp(begin_);
  const std::uint64_t last = RoundDown(end_);
  if (first >= last) return;
  WriteRange(begin_, first);
  file_.WriteDirect(base_ + first, {memory_.get() + first,
                                    static_cast<std::size_t>(last - first)});
  begin_ = last;
}

void WriteBuffer::WriteRange(std::uint64_t begin, std::uint64_t end) const {
  file_.WriteAt(base_ + begin,
                {memory_.get() + begin, static_cast<std::size_t>(end - begin)});
}

}  // namespace fastckpt::internal
