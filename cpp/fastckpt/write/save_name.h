// Save names: what a save may be called, and what it calls its own files.
//
// A mark, ".fastckpt-XXXXXXXX" and an ending, is v2/aside_set.h's; a lock is
// called BASE.fastckpt-lock, which is shorter.
#pragma once

#include <string>

namespace fastckpt::internal {

// The folder of a path, without the slash; "" is the current one.
std::string FolderOf(const std::string& path);

// The name in that folder. Throws Invalid for a NUL byte and for a name that
// ends like those that a save makes: the next save of what stands before that
// ending would take it for its own. Empty if the path ends in a slash.
std::string SaveNameOf(const std::string& path);

// Eight random hexadecimal digits.
std::string MakeToken();

// The lock's file for a checkpoint `base`.
std::string LockName(const std::string& base);

}  // namespace fastckpt::internal
