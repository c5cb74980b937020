// Descriptor: owns a file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace fastckpt::internal {

// Owns a descriptor, or none: it is closed with this. Moves, does not copy.
class Descriptor {
 public:
  // None.
  Descriptor() = default;
  // Takes a descriptor over; a number below 0 is none.
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { Reset(); }
  // Leaves none behind.
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  // Swaps: what was here is closed with `other`.
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  // The number, which stays owned here; -1 for none.
  int get() const { return number_; }
  bool IsOpen() const { return number_ >= 0; }
  // Closes it; what the system says to that is not looked at.
  void Reset() {
    if (IsOpen()) close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

}  // namespace fastckpt::internal
