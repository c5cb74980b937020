// What the floor programs share: tensors of a file, threads over their parts.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace floor_program {

constexpr std::uint64_t kPart = 2 << 20;
constexpr std::size_t kHugePage = 2 << 20;

struct Tensor {
  std::uint64_t offset;
  std::uint64_t size;
  std::uint32_t crc32c;
};

// Bytes [begin, end) of the file, all of one tensor.
struct Part {
  std::size_t tensor;
  std::uint64_t begin;
  std::uint64_t end;
};

[[noreturn]] inline void Die(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

// Lines of "offset size crc32c".
inline std::vector<Tensor> ReadTable(const std::string& path) {
  std::ifstream file(path);
  std::vector<Tensor> tensors;
  Tensor tensor{};
  while (file >> tensor.offset >> tensor.size >> tensor.crc32c) {
    tensors.push_back(tensor);
  }
  if (tensors.empty()) Die(path);
  return tensors;
}

inline std::vector<Part> Split(const std::vector<Tensor>& tensors,
                               std::size_t threads) {
  std::uint64_t total = 0;
  for (const Tensor& tensor : tensors) total += tensor.size;
  const std::uint64_t step =
      std::clamp<std::uint64_t>(total / threads / 8, 64 << 10, kPart);
  std::vector<Part> parts;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::uint64_t end = tensors[i].offset + tensors[i].size;
    for (std::uint64_t at = tensors[i].offset; at < end; at += step) {
      parts.push_back({i, at, std::min(end, at + step)});
    }
  }
  return parts;
}

template <typename Work>
void ForEach(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(run);
  run();
  for (std::thread& helper : helpers) helper.join();
}

// A read-only mapping of a file.
class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || fstat(file, &status) != 0) Die(path);
    size_ = static_cast<std::size_t>(status.st_size);
    data_ = mmap(nullptr, size_, PROT_READ, MAP_SHARED, file, 0);
    if (data_ == MAP_FAILED) Die(path);
    close(file);
  }
  ~Mapping() { munmap(data_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const std::uint8_t* data() const {
    return static_cast<const std::uint8_t*>(data_);
  }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
  void* data_ = nullptr;
};

// Fresh anonymous memory on huge pages, where the system has them.
class Fresh {
 public:
  explicit Fresh(std::size_t size) : size_(size + kHugePage) {
    mapped_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) Die("mmap");
    const auto address = reinterpret_cast<std::uintptr_t>(mapped_);
    data_ = static_cast<std::uint8_t*>(mapped_) +
            (kHugePage - address % kHugePage) % kHugePage;
#if defined(MADV_HUGEPAGE)
    madvise(data_, size, MADV_HUGEPAGE);
#endif
  }
  ~Fresh() { munmap(mapped_, size_); }
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;

  std::uint8_t* data() { return data_; }

 private:
  std::size_t size_;
  void* mapped_ = nullptr;
  std::uint8_t* data_ = nullptr;
};

}  // namespace floor_program
