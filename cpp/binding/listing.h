// Listing: what a checkpoint holds and where, as lists of Python's own types.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "fastckpt/read/checkpoint_reader.h"
#include "region_argument.h"

namespace fastckpt::internal {

// The names of all tensors, in order, and their slots.
pybind11::list ListNames(const TensorSource& source);
pybind11::list ListSlots(const TensorSource& source);
pybind11::list ListInfos(
    const std::shared_ptr<const CheckpointReader>& checkpoint);

// [(path, offset, nbytes, begin, extent), ...] of a tensor.
pybind11::list ListPlaces(const TensorSource& source, std::size_t slot);
// [(path, offset, nbytes), ...] of a region.
pybind11::list ListByteRuns(const TensorSource& source, std::size_t slot,
                            const ParsedRegion& region);

// [(path, size, resident bytes or None), ...] of files opened so far.
pybind11::list ListOpenFiles(const TensorSource& source);
// [path, ...] of paths.
pybind11::list ListNamesOfFiles(const std::vector<std::string>& names);
// (bytes checked, [exception, ...], [what the stored bytes of each look like,
// or None, ...]).
pybind11::tuple ListProblems(const VerifyResult& result);
// [path, ...] of the index as it was opened, or of each V1 file.
pybind11::list ListPaths(const TensorSource& source);
// (inode, size, mtime in ns) of the index, or of each V1 file.
pybind11::list ListIdentities(const TensorSource& source);

}  // namespace fastckpt::internal
