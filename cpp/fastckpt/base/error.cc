#include "fastckpt/base/error.h"

#include <cstdio>
#include <cstring>

namespace fastckpt {

Error::Error(ErrorKind kind, std::string message, Where where, int system_code)
    : kind_(kind),
      message_(std::move(message)),
      where_(std::move(where)),
      system_code_(system_code) {
  Compose();
}

void Error::AddContext(const Where& outer) {
  if (where_.path.empty()) where_.path = outer.path;
  if (!where_.offset) where_.offset = outer.offset;
  if (!where_.tensor) where_.tensor = outer.tensor;
  Compose();
}

void Error::Compose() {
  text_.clear();
  if (!where_.path.empty()) text_ += where_.path + ": ";
  if (where_.tensor)
    text_ += "tensor " + internal::Quote(*where_.tensor) + ": ";
  if (where_.offset)
    text_ += "at offset " + std::to_string(*where_.offset) + ": ";
  text_ += message_;
}

namespace internal {
namespace {

// Names in messages are cut here: a name may be a megabyte long.
constexpr std::size_t kMaxQuoted = 100;

bool IsPlain(unsigned char byte) {
  return byte >= 0x20 && byte != 0x7f && byte < 0x80 && byte != '\\' &&
         byte != '\'';
}

}  // namespace

void ThrowCorruption(std::string message, Where where) {
  throw Error(ErrorKind::kCorruption, std::move(message), std::move(where));
}

void ThrowUnsupported(std::string message, Where where) {
  throw Error(ErrorKind::kUnsupported, std::move(message), std::move(where));
}

void ThrowInvalid(std::string message, Where where) {
  throw Error(ErrorKind::kInvalid, std::move(message), std::move(where));
}

void ThrowSystem(int code, std::string_view action, std::string path) {
  throw SystemError(static_cast<std::errc>(code), action, std::move(path));
}

void ThrowSystem(std::errc code, std::string_view action, std::string path) {
  throw SystemError(code, action, std::move(path));
}

Error SystemError(std::errc code, std::string_view action, std::string path) {
  const int number = static_cast<int>(code);
  std::string message =
      std::string(action) + ": " + std::generic_category().message(number);
  return Error(ErrorKind::kSystem, std::move(message),
               Where{std::move(path), std::nullopt, std::nullopt}, number);
}

bool HasCode(const Error& error, std::errc code) {
  return error.system_code() == static_cast<int>(code);
}

std::string Quote(std::string_view name) {
  std::string out = "'";
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (out.size() > kMaxQuoted) {
      return out + "'... (" + std::to_string(name.size()) + " bytes)";
    }
    const auto byte = static_cast<unsigned char>(name[i]);
    if (IsPlain(byte)) {
      out += name[i];
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    out += escaped;
  }
  return out + "'";
}

std::string Hex32(std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

}  // namespace internal
}  // namespace fastckpt
