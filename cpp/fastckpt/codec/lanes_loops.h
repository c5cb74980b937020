// Lanes with vectors of kLanes float64: one algorithm, written once.
//
// Numbers are widened to float64. What is summed up are distances from the
// first of a block: were that far from all others, the squares would still be
// right to one part in 2^52 / the block's length, as its own distance from the
// mean is among them.
//
// Only the files for one instruction set include this, after they have said
// what kLanes is: everything is in an unnamed namespace, and no function of a
// library is called, so that no instruction leaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fastckpt/codec/lanes_forms.h"
#include "fastckpt/codec/lanes_halves.h"
#include "fastckpt/codec/lanes_integers.h"
#include "fastckpt/codec/lanes_internal.h"

namespace fastckpt::internal::lanes {
namespace {

// What a block comes to, in vectors.
template <typename Number>
struct Sums {
  Doubles pivot;
  Doubles sums[kSets] = {};
  Doubles squares[kSets] = {};
  Doubles low;
  Doubles high;
  Words low_order = Words{} + UINT64_MAX;
  Words high_order = {};
  Longs zeros = {};

  void Add(const std::uint8_t* data) {
    for (std::size_t i = 0; i < kSets; ++i) {
      const std::uint8_t* from = data + i * kLanes * Number::kSize;
      Doubles numbers;
      Number::Load(from, &numbers);
      low = numbers < low ? numbers : low;
      high = numbers > high ? numbers : high;
      zeros += numbers == 0.0;
      const Doubles distances = numbers - pivot;
      sums[i] += distances;
      squares[i] += distances * distances;
      if constexpr (Number::kOrder) {
        Words order;
        Number::LoadOrder(from, &order);
        low_order = order < low_order ? order : low_order;
        high_order = order > high_order ? order : high_order;
      }
    }
  }
};

// Fills up what is no full vector.
template <typename Number>
void Repeat(const std::uint8_t* number, std::size_t from, std::size_t to,
            std::uint8_t* data) {
  for (std::size_t i = from; i < to; ++i) {
    std::memcpy(data + i * Number::kSize, number, Number::kSize);
  }
}

template <typename Number>
void Sum(const std::uint8_t* data, std::size_t count, Block* block) {
  std::uint8_t some[kSums * Number::kSize];
  Repeat<Number>(data, 0, kSums, some);
  Sums<Number> found;
  Number::Load(some, &found.pivot);
  found.low = found.high = found.pivot;
  std::size_t done = 0;
  for (; done + kSums <= count; done += kSums) {
    found.Add(data + done * Number::kSize);
  }
  std::size_t too_many = 0;
  if (done < count) {
    // The first number again adds nothing but maybe zeros.
    std::memcpy(some, data + done * Number::kSize,
                (count - done) * Number::kSize);
    found.Add(some);
    if (found.pivot[0] == 0) too_many = kSums - (count - done);
  }
  block->pivot = found.pivot[0];
  block->low = found.low[0];
  block->high = found.high[0];
  block->low_order = UINT64_MAX;
  block->high_order = 0;
  block->zeros = 0;
  for (std::size_t i = 0; i < kLanes; ++i) {
    if (found.low[i] < block->low) block->low = found.low[i];
    if (found.high[i] > block->high) block->high = found.high[i];
    if (found.low_order[i] < block->low_order) {
      block->low_order = found.low_order[i];
    }
    if (found.high_order[i] > block->high_order) {
      block->high_order = found.high_order[i];
    }
    block->zeros -= static_cast<std::uint64_t>(found.zeros[i]);
  }
  block->zeros -= too_many;
  std::memcpy(block->sums, found.sums, sizeof block->sums);
  std::memcpy(block->squares, found.squares, sizeof block->squares);
}

template <typename Number>
void WidenAll(const std::uint8_t* data, std::size_t count, double* numbers) {
  Doubles wide;
  std::size_t done = 0;
  for (; done + kLanes <= count; done += kLanes) {
    Number::Load(data + done * Number::kSize, &wide);
    std::memcpy(numbers + done, &wide, sizeof wide);
  }
  if (done == count) return;
  std::uint8_t some[kLanes * Number::kSize] = {};
  std::memcpy(some, data + done * Number::kSize,
              (count - done) * Number::kSize);
  Number::Load(some, &wide);
  std::memcpy(numbers + done, &wide, (count - done) * sizeof(double));
}

// True if some bit is set.
template <typename Vector>
bool IsAny(const Vector& vector) {
  std::uint64_t words[kLanes];
  std::memcpy(words, &vector, sizeof words);
  std::uint64_t all = 0;
  for (const std::uint64_t word : words) all |= word;
  return all != 0;
}

template <typename Number>
bool Bin(const std::uint8_t* data, const Scale& scale, std::uint8_t* indices) {
  const Doubles least = Doubles{} + scale.least;
  const Doubles most = Doubles{} + scale.most;
  Doubles farthest = {};
  for (std::size_t i = 0; i < kBatch; i += kLanes) {
    Doubles at;
    Number::Load(data + i * Number::kSize, &at);
    at = (at - scale.low) * scale.scale;
    at = at > least ? at : least;  // and NaN
    at = at < most ? at : most;
    Ints whole;
    Convert(at, &whole);
    Doubles distances;
    Convert(whole, &distances);
    distances = at - distances - 0.5;
    distances = (Doubles)((Words)distances & 0x7fffffffffffffff);
    farthest = distances > farthest ? distances : farthest;
    Bytes bytes;
    Convert(whole, &bytes);
    std::memcpy(indices + i, &bytes, sizeof bytes);
  }
  const Longs near = farthest > scale.far;
  return IsAny(near);
}

template <typename Number>
bool BinFloats(const std::uint8_t* data, const Scale& scale,
               std::uint8_t* indices) {
  const WideFloats least = WideFloats{} + static_cast<float>(scale.least);
  const WideFloats most = WideFloats{} + static_cast<float>(scale.most);
  const auto low = static_cast<float>(scale.low);
  const auto factor = static_cast<float>(scale.scale);
  WideFloats farthest = {};
  for (std::size_t i = 0; i < kBatch; i += kFloatLanes) {
    WideFloats at;
    Number::LoadFloats(data + i * Number::kSize, &at);
    at = (at - low) * factor;
    at = at > least ? at : least;  // and NaN
    at = at < most ? at : most;
    const WideInts whole = __builtin_convertvector(at, WideInts);
    WideFloats distances =
        at - __builtin_convertvector(whole, WideFloats) - 0.5f;
    distances = (WideFloats)((WideUints)distances & 0x7fffffff);
    farthest = distances > farthest ? distances : farthest;
    WideBytes bytes;
    Convert(whole, &bytes);
    std::memcpy(indices + i, &bytes, sizeof bytes);
  }
  const WideInts near = farthest > static_cast<float>(scale.far);
  return IsAny(near);
}

template <typename Number>
consteval Functions MakeFunctions() {
  Functions functions = {Sum<Number>,      nullptr,     nullptr,
                         WidenAll<Number>, Bin<Number>, nullptr};
  if constexpr (Number::kFloats) functions.bin_floats = BinFloats<Number>;
  if constexpr (Number::kHalves) {
    functions.sum_plainly = SumHalves<Number>;
    functions.sum_and_count = SumAndCount<Number, true>;
  }
  return functions;
}

consteval Table MakeTable(const ByteFloatFunctions& byte_floats) {
  return {{MakeFunctions<DoubleForm>(), MakeFunctions<FloatForm>(),
           MakeFunctions<HalfForm>(), MakeFunctions<Bfloat16Form>(),
           MakeFunctions<Int16Form>(), MakeFunctions<Uint16Form>(),
           MakeFunctions<Int32Form>(), MakeFunctions<Uint32Form>(),
           MakeFunctions<Int64Form>(), MakeFunctions<Uint64Form>()},
          SumIntegers<ByteSums>,
          SumIntegers<ShortSums>,
          byte_floats};
}

}  // namespace
}  // namespace fastckpt::internal::lanes
