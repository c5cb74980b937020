// PieceCheck: how a piece is checked that is about to be copied from.
#pragma once

#include <cstdint>

#include "fastckpt/read/check_state.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

enum class Check { kNot, kOnTheWay, kBefore };

// Up to here a piece is checked without a claim: whoever calls may hold a lock
// that the claim's owner waits for, and so small a check costs next to nothing.
inline constexpr std::uint64_t kSmallPiece = 64 << 10;

// By the rule, of a piece that is read in full, or `taken` bytes of it.
Check HowToCheck(CheckRule rule, const Piece& piece, bool is_full,
                 std::uint64_t taken);

}  // namespace fastckpt::internal
