#include "fastckpt/platform/data_file.h"

#include <utility>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {

DataFile::DataFile(std::string path, IoMode mode) : file_(std::move(path)) {
  if (mode == IoMode::kMap) mapping_ = MappedFile::Map(file_);
}

void DataFile::CheckRange(std::uint64_t offset, std::uint64_t size) const {
  if (FitsWithin(offset, size, file_.size())) return;
  ThrowCorruption("bytes " + std::to_string(offset) + " to " +
                      std::to_string(offset) + "+" + std::to_string(size) +
                      " were expected, but the file has " +
                      std::to_string(file_.size()) +
                      "; it is cut or belongs to another checkpoint",
                  Where{path(), offset, {}});
}

ByteView DataFile::Fetch(std::uint64_t offset, std::size_t size,
                         Scratch* scratch) const {
  if (mapping_) {
    return mapping_->bytes().subspan(static_cast<std::size_t>(offset), size);
  }
  return Read(offset, size, scratch);
}

ByteView DataFile::Read(std::uint64_t offset, std::size_t size,
                        Scratch* scratch) const {
  if (scratch->size() < size) scratch->resize(size);
  const std::span<std::uint8_t> out(scratch->data(), size);
  file_.Read(offset, out);
  return out;
}

}  // namespace fastckpt::internal
