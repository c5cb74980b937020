#include "fastckpt/platform/system_copy.h"

#include <unistd.h>

#ifdef __linux__
#include <linux/fs.h>
#include <sys/ioctl.h>
#endif

#include <string>

#include "fastckpt/platform/filesystem.h"

namespace fastckpt::internal {

bool ShareBlocks([[maybe_unused]] const SystemCopy& copy) {
#ifdef FICLONERANGE
  struct file_clone_range range {
    copy.from.descriptor(), copy.from_offset, copy.size, copy.offset
  };
  return ioctl(copy.to, FICLONERANGE, &range) == 0;
#else
  return false;
#endif
}

std::uint64_t CopyInSystem([[maybe_unused]] const SystemCopy& copy) {
  std::uint64_t done = 0;
#ifdef __linux__
  auto in = static_cast<off64_t>(copy.from_offset);
  auto out = static_cast<off64_t>(copy.offset);
  while (done < copy.size) {
    const ssize_t step =
        copy_file_range(copy.from.descriptor(), &in, copy.to, &out,
                        static_cast<std::size_t>(copy.size - done), 0);
    if (step <= 0) break;
    done += static_cast<std::uint64_t>(step);
  }
#endif
  return done;
}

bool IsOnServer(int descriptor) {
  const std::string kind = FilesystemOfFile(descriptor);
  return kind == "nfs" || kind == "cifs" || kind == "smb2" || kind == "ceph";
}

}  // namespace fastckpt::internal
