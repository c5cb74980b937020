// Strings as a bundle stores them: the writing twin of string_tensor.
//
//   varint64 size[n]   masked crc of the sizes:u32   bytes[0] ... bytes[n-1]
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc,
// WriteStringTensor; FORMAT section 5.6.
#pragma once

#include <cstdint>
#include <functional>

#include "fastckpt/base/bytes.h"
#include "fastckpt/tensor/tensor_input.h"

namespace fastckpt::internal {

// How many bytes WriteStrings puts out.
std::uint64_t StoredSize(const StringValues& values);

// Gives the stored form to `put`, piece by piece. Returns the entry's checksum.
std::uint32_t WriteStrings(const StringValues& values,
                           const std::function<void(ByteView)>& put);

}  // namespace fastckpt::internal
