#include "fastckpt/read/piece_check.h"

namespace fastckpt::internal {
namespace {

// Less than one part in so many is read apart from the check.
constexpr std::uint64_t kLargePart = 8;

}  // namespace

Check HowToCheck(CheckRule rule, const Piece& piece, bool is_full,
                 std::uint64_t taken) {
  if (rule == CheckRule::kNever || piece.state == nullptr) return Check::kNot;
  if (rule == CheckRule::kAlways) return Check::kOnTheWay;
  if (is_full && rule != CheckRule::kFirst) return Check::kOnTheWay;
  if (rule == CheckRule::kWhole) return Check::kNot;
  // What is fetched again may be other bytes.
  if (piece.file && piece.file->remote()) return Check::kOnTheWay;
  if (piece.state->IsDone(piece.stamp)) return Check::kNot;
  const bool is_large_part = taken >= piece.size / kLargePart;
  return piece.size <= kSmallPiece || is_large_part ? Check::kOnTheWay
                                                    : Check::kBefore;
}

}  // namespace fastckpt::internal
