// Moments: what can be said of numbers in one pass and little memory, added up
// after.
//
// They are the same, to the last bit, whatever the processor (see Lanes), for
// numbers that are taken in by whole blocks of kMomentsBlock.
//
// Thread-safety: every function may be called from any thread.
// Source: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm
// for Computing Sample Variances (1979), equation 2.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "fastckpt/codec/lanes.h"
#include "fastckpt/dtype.h"

namespace fastckpt::internal {

// Of what is not finite only how many there are.
struct Moments {
  std::uint64_t count = 0;  // finite ones
  std::uint64_t zeros = 0;
  std::uint64_t nan = 0;  // in either part of a complex number
  std::uint64_t inf = 0;
  std::uint64_t negative_inf = 0;  // how many of these; of real numbers
  // Of the finite ones; of complex numbers the magnitudes.
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  // The same of 64-bit integers, which float64 does not hold: exactly, as
  // unsigned integers in their order (see OrderOf).
  std::uint64_t low_order = UINT64_MAX;
  std::uint64_t high_order = 0;
  double mean = 0;
  double imaginary_mean = 0;
  // What the mean of real numbers lacks, being rounded: where numbers are huge
  // and lie close to each other that is much of their distance from it.
  double mean_rest = 0;
  // The sum of the squares of the distances from the mean.
  double squares = 0;
};

inline constexpr std::size_t kMomentsBlock = 4096;

// Unsigned integers that are in order as signed ones are, and back.
constexpr std::uint64_t OrderOf(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
constexpr std::int64_t SignedOf(std::uint64_t order) {
  return static_cast<std::int64_t>(order ^ (std::uint64_t{1} << 63));
}

// Takes in what is known of other numbers.
void MergeMoments(const Moments& other, Moments* moments);

// True for numbers of two bytes and more.
bool HasMoments(DType dtype);

// Takes in `count` numbers, of any alignment.
//
// REQUIRES: HasMoments(dtype).
void AddMoments(DType dtype, const void* data, std::size_t count,
                Moments* moments,
                const LaneRoutines& routines = AvailableLanes().front());

// Floats of two bytes.
constexpr bool IsHalf(DType dtype) {
  return dtype == DType::kHalf || dtype == DType::kBfloat16;
}

// The same of these, and adds to counts[w] how many are the word w.
//
// REQUIRES: IsHalf(dtype).
void AddAndCount(DType dtype, const void* data, std::size_t count,
                 Moments* moments, std::uint32_t* counts,
                 const LaneRoutines& routines = AvailableLanes().front());

}  // namespace fastckpt::internal
