// Version: which release of fastckpt a program is linked with.
#pragma once

#include <string_view>

namespace fastckpt {

// Gives "0.1.0", the version of the library, not of these headers.
std::string_view Version();

}  // namespace fastckpt
