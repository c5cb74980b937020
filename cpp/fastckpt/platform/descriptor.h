// Descriptor: owns a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace fastckpt::internal {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { Reset(); }
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  int get() const { return number_; }
  bool IsOpen() const { return number_ >= 0; }
  void Reset() {
    if (IsOpen()) close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

}  // namespace fastckpt::internal
