// WriteBuffer: collects the bytes of one range of a file, writes them when
// full.
//
// Large ranges go past the page cache where the file allows it: whole blocks of
// the disk directly from the buffer, the partial blocks at both ends through
// the cache. A checkpoint on its way to the disk then neither waits for fresh
// pages of memory nor drives other files out of the cache.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/output_file.h"

namespace fastckpt::internal {

// Memory for one buffer, aligned for direct writing.
struct FreeMemory {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};
using BufferMemory = std::unique_ptr<std::uint8_t, FreeMemory>;

// Buffers that threads take in turn: pages that were touched once stay.
// Thread-safety: safe.
class BufferPool {
 public:
  // Gives memory of 2 MiB, used before or new. Throws std::bad_alloc.
  BufferMemory Take();
  // Takes it back, to be given again.
  void Give(BufferMemory memory);

 private:
  std::mutex mutex_;
  std::vector<BufferMemory> free_;
};

// Thread-safety: one thread; many may write other ranges of the file.
class WriteBuffer {
 public:
  // `direct` asks for writing past the cache.
  WriteBuffer(const OutputFile& file, std::uint64_t offset, bool direct,
              BufferPool* pool);
  ~WriteBuffer();
  WriteBuffer(const WriteBuffer&) = delete;
  WriteBuffer& operator=(const WriteBuffer&) = delete;

  // Gives room for `unit` bytes, 16 at most, or more; Use tells how many were
  // filled. Throws System.
  std::span<std::uint8_t> Room(std::uint64_t unit);
  void Use(std::uint64_t size) { end_ += size; }

  // Appends bytes, or zeros. Throws System.
  void Put(ByteView bytes);
  void PutZeros(std::uint64_t size);

  // Goes on behind bytes that are in the file already. Throws System.
  void Skip(std::uint64_t size);

  // Where in the file the next byte goes.
  std::uint64_t position() const { return base_ + end_; }

  // Writes what is left. Throws System.
  void Finish();

 private:
  void WriteOut();
  void WriteBlocks();
  void WriteRange(std::uint64_t begin, std::uint64_t end) const;

  const OutputFile& file_;
  BufferPool* pool_;
  BufferMemory memory_;
  const bool direct_;
  const std::uint64_t capacity_;
  std::uint64_t base_;   // where in the file the memory begins
  std::uint64_t begin_;  // of the bytes that wait, in the memory
  std::uint64_t end_;
};

}  // namespace fastckpt::internal
