// MappedFile: a whole file mapped read-only.
//
// The mapping lives as long as somebody holds the shared pointer: NumPy views
// do, so they outlive the checkpoint and the file descriptor. A file that is
// cut while mapped turns touches beyond its new end into SIGBUS; readers check
// the size before they hand bytes out, and IoMode::kRead avoids mappings.
#pragma once

#include <cstdint>
#include <memory>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/file_reader.h"

namespace fastckpt::internal {

class MappedFile {
 public:
  // Maps a file; an empty file gives an empty view. Throws System.
  static std::shared_ptr<const MappedFile> Map(const FileReader& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // The whole file; valid as long as this lives.
  ByteView bytes() const { return bytes_; }

  // How many bytes of the mapping are in the page cache now.
  std::uint64_t ResidentBytes() const;

 private:
  explicit MappedFile(ByteView bytes) : bytes_(bytes) {}

  ByteView bytes_;
};

}  // namespace fastckpt::internal
