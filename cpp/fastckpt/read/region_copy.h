// RegionCopy: regions of many tensors, from their pieces to where they go.
//
// Each region is asked for its pieces, each piece becomes a task of CopyCheck,
// and the tasks of all regions run together, in the order of the files. Of a
// source that decodes only so many tensors are taken at once as may lie in
// memory beside their copies.
//
// Thread-safety: as the source.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/region.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// Somebody who looks at a tensor, piece by piece.
class TensorLook {
 public:
  virtual ~TensorLook() = default;
  // Called for each piece, by one thread; what it gives lives as long as this.
  virtual PieceLook* OfPiece(const Piece& piece) = 0;
};

// A region of a slot's tensor; null: the whole. Steps are positive.
struct WantedRegion {
  std::size_t slot;
  const Region* region;
  // Null: not cast. REQUIRES: the region is the whole, and CanCast.
  CastTo* cast = nullptr;
  // Null: it is copied. REQUIRES: the region is the whole.
  TensorLook* look = nullptr;
  // Whether its pieces are checked on the way, whatever the rule says.
  bool is_checked = false;
};

// Appends the pieces that the region needs; an Error names the tensor. The rule
// is for sources that decode.
void AppendPieces(const TensorSource& source, const WantedRegion& wanted,
                  CheckRule rule, SeenFiles* seen, std::vector<Piece>* pieces);

// Gives the destination of wanted[index]; called once the pieces of that
// region are known to be there, so that it may allocate.
using MakeDestination = std::function<Destination(std::size_t index)>;

// Copies all regions, of pieces that are checked by that rule: on the way where
// much of one is copied, else before. Throws the Error of a tensor that cannot
// be read, or Interrupted; what was copied until then is unspecified.
void CopyRegions(const TensorSource& source,
                 std::span<const WantedRegion> wanted, CheckRule rule,
                 const MakeDestination& make, const RunOptions& options);

// Finds, and checks, all that CopyRegions by that rule would, and copies
// nothing: nothing can be wrong then but what is damaged meanwhile. What was
// found right before is not checked again. Throws as CopyRegions. Gives how
// many bytes of that copy `options.progress->total` counts now.
std::uint64_t CheckRegions(const TensorSource& source,
                           std::span<const WantedRegion> wanted, CheckRule rule,
                           const RunOptions& options);

// The same, of one region whose pieces were found.
void CheckPieces(const TensorSource& source, const WantedRegion& wanted,
                 const std::vector<Piece>& pieces, CheckRule rule,
                 const RunOptions& options);

}  // namespace fastckpt::internal
