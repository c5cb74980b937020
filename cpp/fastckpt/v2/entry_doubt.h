// Entry doubt: what an entry of a damaged block may be taken for.
//
// The data prove its bytes. What it says beside, of type and shape, is believed
// only if it is written as TensorFlow writes it, and if no single bit that may
// have been flipped makes it say something else of the same bytes.
#pragma once

#include <string_view>

#include "fastckpt/base/bytes.h"
#include "fastckpt/table/flip_suspicion.h"
#include "fastckpt/table/loose_block.h"
#include "fastckpt/v2/data_proof.h"

namespace fastckpt::internal {

// What a value is by itself: none unless it is written byte for byte as the
// writer would, and makes sense; proved if the data agree with it.
Likeness JudgeEntry(std::string_view key, ByteView value, DataProof* proof);

// Whether a bit of the entry may have been flipped without which it would say
// another type or shape of the same bytes.
// REQUIRES: `value` lies in `contents`, those of the block of `suspicion`.
bool IsSuspected(ByteView value, ByteView contents,
                 const FlipSuspicion& suspicion);

}  // namespace fastckpt::internal
