// ViewCheck: views of a mapping, of which each is checked once, whoever asks.
//
// Thread-safety: many threads may check the same views at once.
#pragma once

#include <cstddef>
#include <vector>

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// Views that may not be handed out yet: the piece of each, and its slot.
struct UncheckedViews {
  std::vector<Piece> pieces;
  std::vector<std::size_t> slots;
};

// Checks what nobody has checked and waits for what others are checking; false
// if `may_wait` is false and there is such a view. Throws the Error of a view
// that is wrong, or Interrupted; no claim is left behind. Waits only after its
// own claims have ended, so that two calls cannot wait for each other; a call
// from within another's interrupt, whose claims have not, checks for itself.
bool CheckViews(const TensorSource& source, const UncheckedViews& views,
                const RunOptions& options, bool may_wait);

}  // namespace fastckpt::internal
