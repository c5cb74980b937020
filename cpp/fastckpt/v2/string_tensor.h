// String tensors and variants: stored values that are not an array's bytes.
//
//   string   varint64 size[n]   masked crc of the sizes:u32   bytes[0] ...
//   [n-1] variant  (varint64 size, message[size], masked crc so far:u32) x n
//
// The checksum runs over each size as a fixed integer, 4 bytes wide or 8 when
// over 2^32-1, then over the 4 bytes of the stored checksum, then the bytes.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc
// (WriteStringTensor, ReadStringTensor, WriteVariantTensor).
#pragma once

#include <cstdint>
#include <vector>

#include "fastckpt/base/bytes.h"

namespace fastckpt::internal {

struct StringElements {
  std::vector<std::uint64_t> sizes;
  ByteView bytes;  // of all elements, one after another
};

// Parses the stored bytes of a string tensor of `count` elements. Throws
// Corruption unless the sizes add up to exactly what is there. With `check`
// the checksum of the sizes and the entry's (`crc32c`, unmasked) must fit too.
StringElements ParseStrings(ByteView stored, std::uint64_t count,
                            std::uint32_t crc32c, bool big_endian, bool check);

// The checksum, unmasked, that the entry of these stored strings is to have,
// who themselves have one of their sizes alone. Throws Corruption unless that
// fits, and as ParseStrings does.
std::uint32_t ChecksumStrings(ByteView stored, std::uint64_t count,
                              bool big_endian);

// Throws Corruption unless the stored bytes of a variant tensor of `count`
// elements parse and fit the entry's checksum.
void CheckVariants(ByteView stored, std::uint64_t count, std::uint32_t crc32c);

// Extends `crc` by an element's size as the writer counts it: fixed, 4 bytes or
// 8, in the file's byte order.
std::uint32_t ExtendCrc32cSize(std::uint32_t crc, std::uint64_t size,
                               bool big_endian);

}  // namespace fastckpt::internal
