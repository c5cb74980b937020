#include "fastckpt/platform/filesystem.h"

#include <sys/stat.h>

#ifdef __linux__
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <utility>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

#ifdef __linux__

struct Kind {
  std::uint32_t magic;
  const char* name;
};

constexpr Kind kKinds[] = {
    {0xEF53, "ext4"},         {0x58465342, "xfs"},
    {0x9123683E, "btrfs"},    {0xF2F52010, "f2fs"},
    {0x2FC12FC1, "zfs"},      {0x01021994, "tmpfs"},
    {0x858458F6, "ramfs"},    {0x958458F6, "hugetlbfs"},
    {0x794C7630, "overlay"},  {0x73717368, "squashfs"},
    {0xE0F5E1E2, "erofs"},    {0x4D44, "vfat"},
    {0x2011BAB0, "exfat"},    {0x6969, "nfs"},
    {0xFF534D42, "cifs"},     {0xFE534D42, "smb2"},
    {0x517B, "smb"},          {0x65735546, "fuse"},
    {0x01021997, "9p"},       {0x0BD00BD0, "lustre"},
    {0x47504653, "gpfs"},     {0x00C36400, "ceph"},
    {0x5346414F, "afs"},      {0x01161970, "gfs2"},
    {0x7461636F, "ocfs2"},    {0x19830326, "beegfs"},
    {0x6A656A63, "virtiofs"},
};

#endif

constexpr std::string_view kNetwork[] = {
    "9p",   "afs",    "beegfs", "ceph",  "cifs", "fuse", "gfs2",
    "gpfs", "lustre", "nfs",    "ocfs2", "smb",  "smb2", "virtiofs"};

std::string NameOf(const struct statfs& info) {
#ifdef __linux__
  const auto magic = static_cast<std::uint32_t>(info.f_type);
  for (const Kind& kind : kKinds) {
    if (kind.magic == magic) return kind.name;
  }
  return "unknown(" + Hex32(magic) + ")";
#else
  return info.f_fstypename;
#endif
}

}  // namespace

std::string FilesystemOf(const std::string& path) {
  struct statfs info;
  if (statfs(path.c_str(), &info) != 0) {
    ThrowSystem(errno, "cannot stat the file system of", path);
  }
  return NameOf(info);
}

std::string FilesystemOfFile(int descriptor) {
  struct statfs info;
  return fstatfs(descriptor, &info) == 0 ? NameOf(info) : std::string();
}

std::vector<std::string> FilesystemsOf(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  std::vector<dev_t> devices;
  for (const std::string& path : paths) {
    struct stat found;
    if (stat(path.c_str(), &found) != 0) continue;
    if (std::ranges::find(devices, found.st_dev) != devices.end()) continue;
    devices.push_back(found.st_dev);
    struct statfs info;
    if (statfs(path.c_str(), &info) != 0) continue;
    std::string name = NameOf(info);
    if (std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

bool IsNetworkFilesystem(std::string_view name) {
  return std::ranges::find(kNetwork, name) != std::end(kNetwork);
}

}  // namespace fastckpt::internal
