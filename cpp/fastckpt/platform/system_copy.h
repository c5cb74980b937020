// System copy: a range of one file in another, without the bytes coming here.
//
// Thread-safety: functions without state.
#pragma once

#include <cstdint>

#include "fastckpt/platform/file_reader.h"

namespace fastckpt::internal {

struct SystemCopy {
  const FileReader& from;
  std::uint64_t from_offset;
  int to;  // a descriptor
  std::uint64_t offset;
  std::uint64_t size;
};

// Makes both ranges one, by common blocks. False, with the target's range in
// any state, where that is not to be had.
bool ShareBlocks(const SystemCopy& copy);

// Lets the system copy; it clones blocks where the file system shares them.
// Gives how many bytes it got through.
std::uint64_t CopyInSystem(const SystemCopy& copy);

// True where a copy by the system is made by a server. On local disks such a
// copy is slower than ours.
bool IsOnServer(int descriptor);

}  // namespace fastckpt::internal
