// Replaceable: what a checkpoint's file may take the place of.
//
// A name may be taken by what is no checkpoint of this kind: a device or a pipe
// that others use, a folder, a V1 checkpoint that is called as a V2 one names
// its files, somebody's text.
#pragma once

#include <string>

#include "fastckpt/platform/directory.h"
#include "fastckpt/v2/aside_set.h"

namespace fastckpt::internal {

// Throws System if `name` is a folder, a device, a pipe or a socket, or a link
// to one. Throws Invalid if it is a V1 checkpoint where a file of a V2 one is
// to be, or no index where an index is to be; a damaged or empty one may be
// replaced. A link to a file may, for it alone is replaced. `path` is that of
// the file.
void CheckMayReplace(const Directory& directory, const std::string& name,
                     const std::string& path, CheckpointPart part);

}  // namespace fastckpt::internal
