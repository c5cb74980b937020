// MappedFile: a whole file mapped, read-only or to be written privately.
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
  // The same, but the bytes may be written: a page is copied when it is written
  // first, and neither the file nor another mapping, a forked child's copy of
  // this one among them, sees it. No memory is reserved for that.
  static std::shared_ptr<const MappedFile> MapPrivate(const FileReader& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // The whole file; valid as long as this lives.
  ByteView bytes() const { return bytes_; }

  // How many bytes of the mapping are in the page cache now.
  std::uint64_t ResidentBytes() const;

 private:
  static std::shared_ptr<const MappedFile> Map(const FileReader& file,
                                               int protection, int flags);
  explicit MappedFile(ByteView bytes) : bytes_(bytes) {}

  ByteView bytes_;
};

}  // namespace fastckpt::internal
