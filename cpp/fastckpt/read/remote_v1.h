// RemoteV1: V1 files that lie elsewhere, opened in few requests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fastckpt/v1/v1_reader.h"

namespace fastckpt::internal {

// Opens V1 files in order: what opening reads of each, which is mostly its
// ends, is fetched for all of them at once. Throws as V1Reader and `fetcher`
// do.
V1Reader OpenRemoteV1(const std::vector<std::string>& paths,
                      const std::shared_ptr<const RangeFetcher>& fetcher);

}  // namespace fastckpt::internal
