#include "fastckpt/write/save_name.h"

#include <random>
#include <string_view>

#include "fastckpt/base/error.h"
#include "fastckpt/v2/aside_set.h"

namespace fastckpt::internal {
namespace {

constexpr std::string_view kLock = ".fastckpt-lock";

bool IsOurs(const std::string& name) {
  return name.ends_with(kLock) || ParseMarkedName(name).has_value();
}

}  // namespace

std::string FolderOf(const std::string& path) {
  const std::string folder(FolderPartOf(path));
  if (folder.size() <= 1) return folder;
  return folder.substr(0, folder.size() - 1);
}

std::string SaveNameOf(const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    ThrowInvalid("a path cannot hold a NUL byte");
  }
  std::string name(BaseOf(path));
  if (IsOurs(name)) {
    ThrowInvalid("the name " + Quote(name) +
                 " ends like those of files that a save makes for itself and "
                 "removes; choose another name");
  }
  return name;
}

std::string MakeToken() {
  std::random_device random;
  return Hex32(random()).substr(2);
}

std::string LockName(const std::string& base) {
  std::string name(base);
  return name.append(kLock);
}

}  // namespace fastckpt::internal
