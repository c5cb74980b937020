// Memory and mappings of the floor programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace floor_program {

constexpr std::size_t kHugePage = 2 << 20;

[[noreturn]] void Die(const std::string& what);

// A read-only mapping of a file.
class Mapping {
 public:
  // `flags` are added to MAP_SHARED; `advice` is madvise's, or 0.
  explicit Mapping(const std::string& path, int flags = 0, int advice = 0);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const std::uint8_t* data() const {
    return static_cast<const std::uint8_t*>(data_);
  }
  std::size_t size() const { return size_; }
  // How many bytes of the file are in the page cache.
  std::size_t Resident() const;

 private:
  std::size_t size_ = 0;
  void* data_ = nullptr;
};

// Anonymous memory that nobody has touched, on huge pages or on small ones.
class Fresh {
 public:
  explicit Fresh(std::size_t size, bool huge = true);
  ~Fresh();
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;

  std::uint8_t* data() const { return data_; }

 private:
  std::size_t size_;
  void* mapped_ = nullptr;
  std::uint8_t* data_ = nullptr;
};

// Memory that is kept for the next run, touched before it is given the first
// time. One for each `slot`.
std::uint8_t* Recycled(std::size_t size, int slot = 0);

}  // namespace floor_program
