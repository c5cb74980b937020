// Filesystem: which kind of file system a path lies on.
#pragma once

#include <string>

namespace fastckpt {

// "ext4", "xfs", "btrfs", "tmpfs", "overlay", "nfs", "cifs", "fuse", ... or
// "unknown(0x...)" with the kernel's number. Throws System.
// Source: statfs(2), linux/magic.h.
std::string FilesystemOf(const std::string& path);

// The same of an open file; empty where the system does not tell.
std::string FilesystemOfFile(int descriptor);

}  // namespace fastckpt
