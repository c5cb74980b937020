// ValueEncoder: puts the values of a tensor as the typed field of a TensorProto
// that V1 files keep them in: the writing twin of tensor_proto.
//
// Source: tensorflow/core/util/saved_tensor_slice_util.h (Fill), whose bytes
// these are; FORMAT section 6.2.
#pragma once

#include <cstdint>
#include <string>

#include "fastckpt/tensor/tensor_input.h"

namespace fastckpt::internal {

// The bytes that TensorFlow reckons with before it serializes a slice: never
// less than EncodeValues gives. Throws Unsupported for a dtype that V1 has no
// field for.
std::uint64_t EncodedSizeBound(const TensorInput& input);

// Gives the serialized TensorProto: packed values, no more.
// REQUIRES: EncodedSizeBound accepts the input.
std::string EncodeValues(const TensorInput& input);

}  // namespace fastckpt::internal
