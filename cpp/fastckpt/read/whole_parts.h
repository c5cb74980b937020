// WholeParts: tensors that a call reads in full, though no region does.
#pragma once

#include <span>
#include <vector>

#include "fastckpt/read/region_copy.h"
#include "fastckpt/read/tensor_source.h"

namespace fastckpt::internal {

// The regions that are no whole tensor, of those tensors of which all regions
// together ask for as many elements as there are, equal ones counted once: they
// are read in full, or some part of them several times.
std::vector<WantedRegion> PartsOfWholes(const TensorSource& source,
                                        std::span<const WantedRegion> wanted);

// Says of these that they are checked on the way, so that each byte is read
// once.
void CheckPartsOfWholes(const TensorSource& source,
                        std::vector<WantedRegion>* wanted);

}  // namespace fastckpt::internal
