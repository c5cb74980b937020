// Byte runs: the byte ranges of files that hold a region, coalesced.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fastckpt/read/region.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

struct ByteRun {
  std::size_t place;  // index among the tensor's places: where it begins
  std::uint64_t offset;
  std::uint64_t size;
};

// Appends a run, joined with the last one where the two touch in one file.
void AppendByteRun(const std::vector<PiecePlace>& places, const ByteRun& run,
                   std::vector<ByteRun>* runs);

// The runs of each place in turn, those that touch joined. Those of a tensor
// with a single place are, end to end, the region's bytes in C order; of
// several places each gives its share in its own C order.
std::vector<ByteRun> FindByteRuns(const std::vector<PiecePlace>& places,
                                  const Region& region, std::size_t item_size);

}  // namespace fastckpt::internal
