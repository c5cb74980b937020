#include "fastckpt/platform/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "fastckpt/base/error.h"

namespace fastckpt::internal {
namespace {

void* Address(ByteView bytes) {
  return const_cast<std::uint8_t*>(bytes.data());
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::Map(const FileReader& file) {
  return Map(file, PROT_READ, MAP_SHARED);
}

std::shared_ptr<const MappedFile> MappedFile::MapPrivate(
    const FileReader& file) {
  return Map(file, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
}

std::shared_ptr<const MappedFile> MappedFile::Map(const FileReader& file,
                                                  int protection, int flags) {
  const auto size = static_cast<std::size_t>(file.size());
  if (size == 0) return std::shared_ptr<const MappedFile>(new MappedFile({}));
  void* address = mmap(nullptr, size, protection, flags, file.descriptor(), 0);
  if (address == MAP_FAILED) ThrowSystem(errno, "cannot map", file.path());
  const auto* begin = static_cast<const std::uint8_t*>(address);
  return std::shared_ptr<const MappedFile>(new MappedFile({begin, size}));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(Address(bytes_), bytes_.size());
}

std::uint64_t MappedFile::ResidentBytes() const {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  // Asked for in steps, so that the answer for a huge file stays small.
  const std::size_t step = page * 65536;
#ifdef __APPLE__
  std::vector<char> pages(65536);
#else
  std::vector<unsigned char> pages(65536);
#endif
  std::uint64_t resident = 0;
  for (std::size_t begin = 0; begin < bytes_.size(); begin += step) {
    const ByteView part =
        bytes_.subspan(begin, std::min(step, bytes_.size() - begin));
    if (mincore(Address(part), part.size(), pages.data()) != 0) return resident;
    const std::size_t count = (part.size() + page - 1) / page;
    resident += page * static_cast<std::size_t>(std::count_if(
                           pages.begin(),
                           pages.begin() + static_cast<std::ptrdiff_t>(count),
                           [](auto flags) { return (flags & 1) != 0; }));
  }
  return std::min<std::uint64_t>(resident, bytes_.size());
}

}  // namespace fastckpt::internal
