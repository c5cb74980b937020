// Gather: the elements that a list of indices takes of one axis of a tensor.
//
// The other axes have ranges, as any region. Rows lie anywhere, so they are
// fetched ahead from a mapping; where they must be read, neighbours are read
// together. What is not asked for is not touched.
//
// Thread-safety: as the source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fastckpt/read/byte_runs.h"
#include "fastckpt/read/check_state.h"
#include "fastckpt/read/copy_check.h"
#include "fastckpt/read/region.h"
#include "fastckpt/read/scattered_runs.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// What is to be taken of a tensor. The region's own entry for `axis` counts the
// indices and says nothing else; other steps are positive. Indices lie in the
// tensor, in any order, some maybe more than once.
struct GatherRequest {
  std::size_t slot = 0;
  Region region;
  std::size_t axis = 0;
  std::vector<std::int64_t> ids;
  Destination destination;
};

// What a request takes: found and checked, then copied.
class Gather {
 public:
  // Finds the pieces that hold something of it, and checks, by that rule, those
  // that were not found right before; those that lie elsewhere when they are
  // copied from. All arguments must outlive it. Throws as CheckRegions; what a
  // source must decode is in memory then.
  Gather(const TensorSource& source, const GatherRequest& request,
         CheckRule rule, const RunOptions& options);

  // Copies what is asked for. Throws the Error of the tensor, or Interrupted;
  // what was copied until then is unspecified.
  void Copy(const Destination& destination, const RunOptions& options) const;

 private:
  // One of the indices, and its number in the list.
  struct Listed {
    std::int64_t id;
    std::int64_t at;
  };
  // Bytes along an axis, in a piece and in memory.
  struct Step {
    std::int64_t file;
    std::int64_t memory;
  };

  void SortIndices();
  std::vector<ScatteredRuns::Hit> HitsInside(std::int64_t begin,
                                             std::int64_t extent,
                                             Step step) const;
  std::optional<ScatteredRuns> MakeRuns(const Piece& piece,
                                        const Destination& destination) const;

  const TensorSource& source_;
  const GatherRequest& request_;
  std::vector<Listed> order_;  // rising; of a tensor of slices alone
  std::vector<Piece> pieces_;
  bool checks_on_the_way_ = false;
};

// As FindByteRuns, for a list of indices on one axis: as they are asked for.
// Other steps may have any sign.
std::vector<ByteRun> FindGatheredRuns(const std::vector<PiecePlace>& places,
                                      const Region& region, std::size_t axis,
                                      const std::vector<std::int64_t>& ids,
                                      std::size_t item_size);

}  // namespace fastckpt::internal
