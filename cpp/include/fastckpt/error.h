// Error: the one exception that leaves fastckpt.
//
// It says what kind of decision the caller can take and where the trouble is:
// file, byte offset, tensor.
//
// Thread-safety: a value type, const methods are safe to share.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace fastckpt {

// Which decision the caller can take.
enum class ErrorKind {
  kCorruption,   // the bytes break the format
  kUnsupported,  // legal bytes that this library does not handle
  kSystem,       // the operating system said no; see system_code()
  kNotFound,     // a tensor name that the checkpoint does not have
  kInvalid,      // an argument of the caller is wrong
};

// Where an error was seen; what is not known is absent.
struct Where {
  std::string path;
  std::optional<std::uint64_t> offset;  // bytes from the file's begin
  std::optional<std::string> tensor;    // raw name bytes
};

// What is wrong, and where.
class Error : public std::exception {
 public:
  // `message` says what is wrong without the place; `system_code` is an errno.
  Error(ErrorKind kind, std::string message, Where where = {},
        int system_code = 0);

  // As it was given.
  ErrorKind kind() const { return kind_; }
  // What is wrong, without the place.
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

}  // namespace fastckpt
