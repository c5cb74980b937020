// Random tests that can be told again: what a seed gives is the same on every
// machine, unlike the standard library's distributions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fastckpt::internal {

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}

  // A number below `limit`, which is at least 1.
  std::uint64_t Below(std::uint64_t limit) { return Bits() % limit; }

  // A number from `low` to `high`, both included.
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(Below(span));
  }

  bool OneIn(std::uint64_t count) { return Below(count) == 0; }

  // 64 bits; every magnitude is as likely as any other.
  std::uint64_t Magnitude() { return Bits() >> Below(64); }

  std::string Bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(Below(256));
    return bytes;
  }

  // Up to `most` bytes of an alphabet in which equal texts are no rarity.
  std::string Word(std::size_t most) {
    std::string word(static_cast<std::size_t>(Below(most + 1)), '\0');
    for (char& letter : word) letter = "ab\xff\0/"[Below(5)];
    return word;
  }

  std::uint64_t Bits() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// The numbers at which a varint takes one byte more, and their neighbours.
inline std::vector<std::uint64_t> VarintEdges() {
  std::vector<std::uint64_t> edges = {0, 1};
  for (unsigned bits = 7; bits < 64; bits += 7) {
    const std::uint64_t edge = std::uint64_t{1} << bits;
    edges.insert(edges.end(), {edge - 1, edge, edge + 1});
  }
  edges.insert(edges.end(),
               {INT32_MAX, std::uint64_t{INT32_MAX} + 1, UINT32_MAX,
                std::uint64_t{UINT32_MAX} + 1, INT64_MAX,
                std::uint64_t{INT64_MAX} + 1, UINT64_MAX - 1, UINT64_MAX});
  return edges;
}

}  // namespace fastckpt::internal
