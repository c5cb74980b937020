#include "fastckpt/platform/remote_file.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "fastckpt/platform/fetched_ranges.h"

namespace fastckpt::internal {

RemoteFile::RemoteFile(const std::string& path,
                       std::shared_ptr<const RangeFetcher> fetcher)
    : fetcher_(std::move(fetcher)), object_(fetcher_->Open(path)) {}

void RemoteFile::Read(std::uint64_t offset, std::span<std::uint8_t> out) const {
  if (out.empty()) return;
  const RangeRequest all{object_.number, offset, out.size()};
  if (FetchedRanges::Copy(fetcher_.get(), all, out.data())) return;
  std::vector<RangeRequest> requests;
  for (std::uint64_t at = 0; at < out.size(); at += kMaxRequest) {
    const std::uint64_t size = std::min(kMaxRequest, out.size() - at);
    requests.push_back({object_.number, offset + at, size});
  }
  const RangePurpose purpose{out.size(), /*is_unchecked=*/true};
  const auto stream = fetcher_->Start(requests, purpose);
  for (std::size_t left = requests.size(); left > 0;) {
    const std::optional<Arrival> arrival = stream->Wait();
    if (!arrival) continue;
    if (arrival->error) throw *arrival->error;
    const std::uint64_t at = requests[arrival->request].offset - offset;
    std::memcpy(out.data() + at, arrival->bytes.data(), arrival->bytes.size());
    --left;
  }
  stream->Finish();
}

}  // namespace fastckpt::internal
