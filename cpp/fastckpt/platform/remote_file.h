// RemoteFile: one object that lies elsewhere, read by ranges.
//
// Thread-safety: immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "fastckpt/platform/range_fetcher.h"

namespace fastckpt::internal {

// No request is for more bytes.
inline constexpr std::uint64_t kMaxRequest = 16 << 20;

class RemoteFile {
 public:
  // Throws as RangeFetcher::Open.
  RemoteFile(const std::string& path,
             std::shared_ptr<const RangeFetcher> fetcher);

  const RangeFetcher& fetcher() const { return *fetcher_; }
  std::uint32_t number() const { return object_.number; }
  const FileIdentity& identity() const { return object_.identity; }

  // Fills `out` from `offset`, of what was fetched ahead or by requests of its
  // own, whose bytes no checksum may cover. Requires that the range lies in the
  // object.
  void Read(std::uint64_t offset, std::span<std::uint8_t> out) const;

 private:
  std::shared_ptr<const RangeFetcher> fetcher_;
  RangeFetcher::Object object_;
};

}  // namespace fastckpt::internal
