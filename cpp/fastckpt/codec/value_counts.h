// ValueCounts: numbers of one or two bytes, of which all can be said that is to
// be said once it is known how many have which value.
//
// Thread-safety: functions without state, and a class that many threads use at
// once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "fastckpt/codec/bins.h"
#include "fastckpt/codec/moments.h"

namespace fastckpt::internal {

inline constexpr std::size_t kByteValues = 256;
inline constexpr std::size_t kWordValues = 65536;

// Adds to counts[b] how many bytes are b.
void CountBytes(const void* data, std::size_t count,
                std::span<std::uint64_t, kByteValues> counts);

// What is known of numbers, of which counts[i] have the value values[i].
Moments MomentsOfCounts(std::span<const std::uint64_t> counts,
                        std::span<const double> values);

// Adds to binned[i] how many of the numbers lie in bin i; what is not finite is
// left out.
//
// REQUIRES: bins.count == kBins.
void CountInBins(std::span<const std::uint64_t> counts,
                 std::span<const double> values, const Bins& bins,
                 std::span<std::uint64_t, kBins> binned);

// The value of each word, as a number of that type of two bytes.
std::vector<double> WordValues(DType dtype);

// Counts many numbers by two bytes at a time, be these one number or two.
class WordCounter {
 public:
  WordCounter();
  ~WordCounter();

  // Takes in bytes, in the machine's order; many threads may do so at once.
  void Add(const std::uint8_t* data, std::size_t size_bytes);

  // The same of whole floats of two bytes, and adds these to moments.
  // REQUIRES: IsHalf(dtype).
  void AddHalves(DType dtype, const std::uint8_t* data, std::size_t size_bytes,
                 Moments* moments);

  // How many words, or bytes, have which value. Nobody adds any more.
  std::vector<std::uint64_t> CountWords() const;
  std::vector<std::uint64_t> CountBytes() const;

  // Frees what it holds.
  void Clear();

 private:
  struct Table;

  std::unique_ptr<Table> Take();
  void Return(std::unique_ptr<Table> table);

  std::mutex mutex_;
  std::vector<std::unique_ptr<Table>> tables_;
  // Whose counts of 32 bits would not hold much more.
  std::vector<std::unique_ptr<Table>> full_;
};

}  // namespace fastckpt::internal
