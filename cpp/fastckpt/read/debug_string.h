// DebugString: TensorFlow's listing of a checkpoint, one line per entry.
//
// V2 has a line for every stored value in the order of keys, so that of a
// partitioned tensor the parts are named, by their keys. V1 has a line for
// every tensor in the order of the hash table that TensorFlow keeps them in:
// std::unordered_map, filled file by file. Both libraries walk the one of the
// platform's C++ library, so the order is the same where that is.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc
// (BundleReader::DebugString), tensorflow/core/util/tensor_slice_reader.cc
// (TensorSliceReader::DebugString).
#pragma once

#include <string>

#include "fastckpt/v1/v1_reader.h"
#include "fastckpt/v2/bundle_index.h"

namespace fastckpt::internal {

// "w (DT_FLOAT) [2,3]\n" for each entry that has a value of its own.
std::string DebugString(const BundleIndex& index);

// The same for each tensor; ", 2 slices" follows the shape of a partitioned
// one.
std::string DebugString(const V1Reader& reader);

}  // namespace fastckpt::internal
