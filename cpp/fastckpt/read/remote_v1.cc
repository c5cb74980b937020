#include "fastckpt/read/remote_v1.h"

#include <algorithm>
#include <utility>

#include "fastckpt/read/range_run.h"

namespace fastckpt::internal {
namespace {

// The list of tensors lies at the begin, the index of blocks at the end.
constexpr std::uint64_t kEnd = 64 << 10;

std::vector<RangeRequest> EndsOf(const DataFile& file) {
  const std::uint32_t number = file.remote()->number();
  const std::uint64_t size = file.size();
  if (size <= 2 * kEnd) return {{number, 0, size}};
  return {{number, 0, kEnd}, {number, size - kEnd, kEnd}};
}

}  // namespace

V1Reader OpenRemoteV1(const std::vector<std::string>& paths,
                      const std::shared_ptr<const RangeFetcher>& fetcher) {
  std::vector<std::unique_ptr<DataFile>> files;
  std::vector<RangeRequest> ends;
  for (const std::string& path : paths) {
    files.push_back(std::make_unique<DataFile>(path, fetcher));
    for (const RangeRequest& end : EndsOf(*files.back())) ends.push_back(end);
  }
  const FetchedRanges fetched = FetchRanges(*fetcher, ends, RunOptions{});
  const FetchedRanges::Scope scope(&fetched);
  std::size_t next = 0;
  return V1Reader(paths,
                  [&](const std::string&) { return std::move(files[next++]); });
}

}  // namespace fastckpt::internal
