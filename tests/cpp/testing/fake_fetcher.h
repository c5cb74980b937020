// A RangeFetcher over files of this machine, whose answers come in the opposite
// order and which notes what it was asked for.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "fastckpt/base/error.h"
#include "fastckpt/platform/range_fetcher.h"

namespace fastckpt::internal {

class FakeFetcher : public RangeFetcher {
 public:
  struct Call {
    std::vector<RangeRequest> requests;
    RangePurpose purpose;
  };

  Object Open(const std::string& path) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      ThrowSystem(std::errc::no_such_file_or_directory, "cannot open", path);
    }
    objects_.push_back({std::istreambuf_iterator<char>(file), {}});
    const FileIdentity identity{1, objects_.back().size(), 0};
    return {static_cast<std::uint32_t>(objects_.size() - 1), identity};
  }

  std::unique_ptr<RangeStream> Start(
      const std::vector<RangeRequest>& requests,
      const RangePurpose& purpose) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    calls_.push_back({requests, purpose});
    const bool is_spoilt = spoilt_from && starts_++ >= *spoilt_from;
    return std::make_unique<Stream>(*this, requests, is_spoilt);
  }

  std::vector<Call> TakeCalls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(calls_, {});
  }

  // Requests that begin here fail.
  std::optional<std::uint64_t> broken_offset;
  // After so many calls from now on what comes has another last byte.
  std::optional<std::size_t> spoilt_from;
  // What each call's end throws.
  std::optional<Error> at_finish;
  // What comparing throws.
  std::optional<Error> at_compare;
  // What it gives otherwise.
  bool is_telling = true;

 private:
  class Stream final : public RangeStream {
   public:
    Stream(const FakeFetcher& fetcher, std::vector<RangeRequest> requests,
           bool is_spoilt)
        : fetcher_(fetcher),
          requests_(std::move(requests)),
          is_spoilt_(is_spoilt) {}

    std::optional<Arrival> Wait() override {
      const std::lock_guard<std::mutex> lock(mutex_);
      // Now and then nothing has come yet.
      waits_ = !waits_;
      if (waits_ || done_ == requests_.size()) return std::nullopt;
      Arrival arrival;
      arrival.request = requests_.size() - ++done_;
      const RangeRequest& request = requests_[arrival.request];
      if (request.offset == fetcher_.broken_offset) {
        arrival.error =
            SystemError(std::errc::io_error, "the server failed", "url");
        return arrival;
      }
      const std::lock_guard<std::mutex> objects(fetcher_.mutex_);
      auto bytes = std::make_shared<std::string>(
          fetcher_.objects_[request.object].substr(request.offset,
                                                   request.size));
      if (is_spoilt_) bytes->back() ^= 1;
      arrival.bytes = {reinterpret_cast<const std::uint8_t*>(bytes->data()),
                       bytes->size()};
      arrival.owner = std::move(bytes);
      return arrival;
    }

    void Finish() override {
      if (fetcher_.at_finish) throw *fetcher_.at_finish;
    }
    bool Compare() override {
      if (fetcher_.at_compare) throw *fetcher_.at_compare;
      return fetcher_.is_telling;
    }

   private:
    const FakeFetcher& fetcher_;
    const std::vector<RangeRequest> requests_;
    const bool is_spoilt_;
    std::mutex mutex_;
    std::size_t done_ = 0;
    bool waits_ = false;
  };

  mutable std::mutex mutex_;
  mutable std::vector<std::string> objects_;
  mutable std::vector<Call> calls_;
  mutable std::size_t starts_ = 0;
};

}  // namespace fastckpt::internal
