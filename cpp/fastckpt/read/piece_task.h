// PieceTask: one piece to check, to copy, or both, and how a set of such tasks
// is to be run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "fastckpt/base/error.h"
#include "fastckpt/base/progress.h"
#include "fastckpt/platform/parallel.h"
#include "fastckpt/read/cast_copy.h"
#include "fastckpt/read/strided_copy.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// Somebody who looks at the bytes of a piece.
class PieceLook {
 public:
  virtual ~PieceLook() = default;
  // Bytes [begin, end) of the piece, which are at `bytes`. Called by many
  // threads at once; those of one group of kLookGroup by one thread, in order.
  // Begin is a multiple of kLookStep, and so is the end unless it is the
  // piece's.
  virtual void Look(std::uint64_t begin, std::uint64_t end,
                    const std::uint8_t* bytes) = 0;
};
inline constexpr std::uint64_t kLookStep = 128 << 10;
inline constexpr std::uint64_t kLookGroup = 256 << 10;

// Copies of this many bytes are not found in a cache by those who use them.
inline constexpr std::uint64_t kPastCachesFrom = 64 << 20;

// With no destination it is only checked.
struct PieceTask {
  const Piece* piece = nullptr;
  std::string_view name;     // of the tensor, for errors
  bool check = true;         // ignored for pieces in memory
  bool past_caches = false;  // of a dense copy: one of very many bytes
  // The piece goes here as it is ...
  std::uint8_t* dense = nullptr;
  // ... or what the region takes of it goes where this says ...
  std::optional<StridedCopy> strided;
  // ... or all of it, as numbers of another type.
  std::optional<CastCopy> cast;
  // ... or is looked at.
  PieceLook* look = nullptr;
};

// How a set of tasks is to be run.
struct RunOptions {
  std::size_t threads = 1;
  Progress* progress = nullptr;
  Interrupt interrupted;
  // Whether bytes are read rather than taken from a mapping: a file that is cut
  // meanwhile is an error then and no signal.
  bool steadily = false;
  // Whether pieces are checked; unset: as the checkpoint was opened.
  std::optional<bool> check;
  // How many bytes of `progress->total` are of this run already.
  std::uint64_t counted = 0;
  // Called, from any thread but one at a time, with each task that failed. If
  // it is not set the first failure is thrown.
  std::function<void(std::size_t task, const Error& error)> on_error;
};

}  // namespace fastckpt::internal
