// Error: the one exception type of the core.
//
// It says what kind of decision the caller can take and where the trouble is:
// file, byte offset, tensor. Rooms throw with what they know; the rooms above
// add the context that they know with `AddContext`.
//
// Thread-safety: a value type, const methods are safe to share.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fastckpt {

enum class ErrorKind {
  kCorruption,   // the bytes break the format
  kUnsupported,  // legal bytes that this library does not handle
  kSystem,       // the operating system said no; see system_code()
  kNotFound,     // a tensor name that the checkpoint does not have
  kInvalid,      // an argument of the caller is wrong
};

// Where an error was seen. Absent parts are filled in by the rooms above.
struct Where {
  std::string path;
  std::optional<std::uint64_t> offset;
  std::optional<std::string> tensor;  // raw name bytes
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, Where where = {},
        int system_code = 0);

  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const Where& where() const { return where_; }
  int system_code() const { return system_code_; }  // errno, 0 if none

  // Fills in the parts of the place that are still unknown.
  void AddContext(const Where& outer);

  // "path: tensor 'name': at offset 12: message".
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void Compose();

  ErrorKind kind_;
  std::string message_;
  Where where_;
  int system_code_;
  std::string text_;
};

// Throw an error of the kind in their name.
[[noreturn]] void ThrowCorruption(std::string message, Where where = {});
[[noreturn]] void ThrowUnsupported(std::string message, Where where = {});
[[noreturn]] void ThrowInvalid(std::string message, Where where = {});
// Takes `code` (an errno value) and words it: "cannot open: No such file".
[[noreturn]] void ThrowSystem(int code, std::string_view action,
                              std::string path);

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

}  // namespace fastckpt
