// FileIdentity: what tells one file from its replacement.
#pragma once

#include <cstdint>

namespace fastckpt::internal {

// `mtime` is in nanoseconds. Of a remote object `inode` stands for what its
// store calls this version of it, and `mtime` may be 0.
struct FileIdentity {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

}  // namespace fastckpt::internal
