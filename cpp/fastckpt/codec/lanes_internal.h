// What the implementations of Lanes share: their tables of functions.
//
// The files for one instruction set are compiled with flags of their own. Code
// from a shared header that they emit could be kept by the linker for everyone
// and then hold an instruction that not every processor has. So this header
// holds declarations and constants alone.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fastckpt::internal::lanes {

// The types, in the order of a table.
enum class Kind : std::uint8_t {
  kDouble,
  kFloat,
  kHalf,
  kBfloat16,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
};
inline constexpr std::size_t kKinds = 10;

// Numbers that go through one loop, and how many sums they go through.
inline constexpr std::size_t kBatch = 64;
inline constexpr std::size_t kSums = 16;
// What a block of numbers, none of which is infinite or NaN, comes to.
struct Block {
  double pivot;           // one of them, or 0
  double sums[kSums];     // of distances from it
  double squares[kSums];  // of these
  double low;
  double high;
  std::uint64_t low_order;
  std::uint64_t high_order;
  std::uint64_t zeros;
};

// How a batch is put into bins: numbers are brought to the scale of these.
struct Scale {
  double low;
  double scale;
  // Results are brought between these, near which no edge is.
  double least;
  double most;
  // What is further than that from the middle of a bin is near an edge.
  double far;
};

// The bins of kBatch numbers. True if one of them is near an edge.
using BinFunction = bool (*)(const std::uint8_t* data, const Scale& scale,
                             std::uint8_t* indices);

// Sums up a block. What is found counts only if all sums are finite.
using SumFunction = void (*)(const std::uint8_t* data, std::size_t count,
                             Block* block);

struct Functions {
  SumFunction sum;
  // The same with a pivot of 0, faster; null of all but floats of two bytes.
  SumFunction sum_plainly;
  // That, and adds to counts[w] how many are the word w.
  void (*sum_and_count)(const std::uint8_t* data, std::size_t count,
                        Block* block, std::uint32_t* counts);
  // As float64.
  void (*widen)(const std::uint8_t* data, std::size_t count, double* numbers);
  BinFunction bin;
  // The same in float32; null of what that does not hold.
  BinFunction bin_floats;
};

// Integers that go through one call at most.
inline constexpr std::size_t kIntegers = std::size_t{1} << 17;

// What they come to, as signed numbers.
struct IntegerBlock {
  std::int64_t low;
  std::int64_t high;
  std::int64_t sum;
  std::uint64_t squares;
  std::uint64_t zeros;  // of what is stored
};

// Sums up integers, at least one; `flips`: they are unsigned, and half of their
// range is taken from each.
using IntegerFunction = void (*)(const std::uint8_t* data, std::size_t count,
                                 bool flips, IntegerBlock* block);

// Floats of one byte that go through one call at most: a sign, an exponent,
// and two or three digits after the first one, which is not stored.
inline constexpr std::size_t kByteFloats = 127 * 64;

// The limits of bytes, as unsigned and as signed ones.
struct ByteLimits {
  std::uint8_t least;
  std::uint8_t most;
  std::int8_t signed_least;
  std::int8_t signed_most;
};

// What they come to in halves of the smallest number, times 2^(8 i) each, and
// squares times 2^(16 i).
struct ByteFloatSums {
  std::int64_t sums[4];
  std::uint64_t squares[4];
  std::uint64_t zeros;
};

using ByteFloatFunction = void (*)(const std::uint8_t* data, std::size_t count,
                                   ByteFloatSums* sums);

struct ByteFloatFunctions {
  void (*limits)(const std::uint8_t* data, std::size_t count,
                 ByteLimits* limits);
  // Of two and of three digits; the first of each is for numbers whose bytes
  // are below 0x40, but for the sign.
  ByteFloatFunction sum[2][2];
};

struct Table {
  Functions functions[kKinds];
  IntegerFunction sum_bytes;
  IntegerFunction sum_shorts;
  // Null where bytes are not multiplied.
  ByteFloatFunctions byte_floats;
};

extern const Table kPortable;
#if defined(__x86_64__)
extern const Table kAvx2;
// AVX-512 F and BW.
extern const Table kAvx512;
#endif

}  // namespace fastckpt::internal::lanes
