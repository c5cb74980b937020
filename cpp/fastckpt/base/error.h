// Errors: how the rooms throw the one exception type of the core.
//
// Rooms throw with what they know; the rooms above add the context that they
// know with `WithContext`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "fastckpt/error.h"

namespace fastckpt::internal {

// Throw an error of the kind in their name.
[[noreturn]] void ThrowCorruption(std::string message, Where where = {});
[[noreturn]] void ThrowUnsupported(std::string message, Where where = {});
[[noreturn]] void ThrowInvalid(std::string message, Where where = {});
// Takes `code` (an errno value) and words it: "cannot open: No such file".
[[noreturn]] void ThrowSystem(int code, std::string_view action,
                              std::string path);
[[noreturn]] void ThrowSystem(std::errc code, std::string_view action,
                              std::string path);
// What the latter throws.
Error SystemError(std::errc code, std::string_view action, std::string path);

// Whether an error is the system's with this code.
bool HasCode(const Error& error, std::errc code);

// Runs `work` and adds `where` to any Error that leaves it.
template <typename Work>
auto WithContext(const Where& where, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (Error& error) {
    error.AddContext(where);
    throw;
  }
}

// Gives `name` in single quotes, control and non-UTF-8-looking bytes escaped as
// \xNN, cut to about 100 characters: fit for any message.
std::string Quote(std::string_view name);

// Gives "0x1c291ca3".
std::string Hex32(std::uint32_t value);

}  // namespace fastckpt::internal
