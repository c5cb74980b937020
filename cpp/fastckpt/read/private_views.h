// PrivateViews: views of files that may be written, in mappings of one call's
// own.
//
// The system copies a page when it is first written; the file never changes,
// and no other view or call sees what was written. Views that share a byte of
// the file would share what is written, too: of those only one can be had.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "fastckpt/platform/data_file.h"
#include "fastckpt/read/array_bytes.h"

namespace fastckpt::internal {

// Moves views of the files' mappings into one private mapping per file that has
// any; views[i] is moved if it is aligned to alignments[i]. Gives the indices
// of those that were left as they are, in order: unaligned ones, such as lie in
// no mapping, and such as overlap one that was moved. Throws System.
std::vector<std::size_t> MakePrivate(const std::vector<const DataFile*>& files,
                                     std::span<const std::size_t> alignments,
                                     std::vector<ArrayBytes>* views);

}  // namespace fastckpt::internal
