// Index recovery: what can be had of a V2 index that is damaged.
//
// A block whose checksum fits is taken as it is. One in which a single flipped
// bit explains the checksum is mended, if exactly one bit does whose block has
// rising keys and names only tensors that lie in the data as it says. Of any
// other block those entries are taken that the data files agree with, and they
// count as unproved: their bytes are right, but no checksum covers their names
// any more, nor which type of that width, and which shape of that size, it is.
// Where two flipped bits explain the block, and one of them would make it
// another type or shape, the entry is not taken.
//
// Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
#pragma once

#include <cstdint>
#include <string>

#include "fastckpt/v2/data_proof.h"
#include "fastckpt/v2/recovered_entries.h"

namespace fastckpt::internal {

// Reads the index at `path`, whose data files are those of `proof`. A sound
// index is taken as it is, whatever its data. Throws System if it cannot be
// read, Unsupported over `max_bytes`, Corruption if nothing can be had: no
// entry, or a header that counts another number of data files.
RecoveredIndex RecoverIndex(const std::string& path, std::uint64_t max_bytes,
                            DataProof* proof,
                            const Interrupt& interrupted = {});

}  // namespace fastckpt::internal
