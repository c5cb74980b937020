// Filesystem: which kind of file system a path lies on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fastckpt::internal {

// "ext4", "xfs", "btrfs", "tmpfs", "overlay", "nfs", "cifs", "fuse", ... or
// "unknown(0x...)" with the kernel's number. Throws System.
// Source: statfs(2), linux/magic.h.
std::string FilesystemOf(const std::string& path);

// The same of an open file; empty where the system does not tell.
std::string FilesystemOfFile(int descriptor);

// The file systems that files lie on, wherever links lead, each once and in
// order. What is not there is passed over. Asks once for each device.
std::vector<std::string> FilesystemsOf(const std::vector<std::string>& paths);

// True where a page fault is a round trip to a server, and another client may
// cut the file under a mapping: reading in large pieces is 30 to 50 times as
// fast there.
bool IsNetworkFilesystem(std::string_view name);

}  // namespace fastckpt::internal
