#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

namespace floor_program {

void Die(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

Mapping::Mapping(const std::string& path, int flags, int advice) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) Die(path);
  size_ = static_cast<std::size_t>(status.st_size);
  data_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED | flags, file, 0);
  if (data_ == MAP_FAILED) Die(path);
  close(file);
  // What a kernel does not know is a way that gains nothing there.
  if (advice != 0) madvise(data_, size_, advice);
}

Mapping::~Mapping() { munmap(data_, size_); }

std::size_t Mapping::Resident() const {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((size_ + page - 1) / page);
  if (mincore(data_, size_, pages.data()) != 0) Die("mincore");
  std::size_t resident = 0;
  for (const unsigned char flags : pages) resident += (flags & 1) * page;
  return resident;
}

Fresh::Fresh(std::size_t size, bool huge) : size_(size + kHugePage) {
  mapped_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped_ == MAP_FAILED) Die("mmap");
  const auto address = reinterpret_cast<std::uintptr_t>(mapped_);
  data_ = static_cast<std::uint8_t*>(mapped_) +
          (kHugePage - address % kHugePage) % kHugePage;
#if defined(MADV_HUGEPAGE)
  if (huge) madvise(data_, size, MADV_HUGEPAGE);
#endif
}

Fresh::~Fresh() { munmap(mapped_, size_); }

std::uint8_t* Recycled(std::size_t size, int slot) {
  struct Kept {
    std::unique_ptr<Fresh> memory;
    std::size_t size = 0;
  };
  static std::map<int, Kept> all;
  Kept& kept = all[slot];
  if (kept.size < size) {
    kept.memory = std::make_unique<Fresh>(size);
    kept.size = size;
    std::memset(kept.memory->data(), 1, size);
  }
  return kept.memory->data();
}

}  // namespace floor_program
