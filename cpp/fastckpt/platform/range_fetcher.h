// RangeFetcher: where the bytes of remote objects come from, range by range.
//
// Who fetches them is not known here: the core says which ranges of which
// objects it needs, many at once, and takes them in the order of their arrival.
//
// Thread-safety: const methods are safe to call from many threads and in a
// forked child; so is RangeStream::Wait from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/base/error.h"
#include "fastckpt/platform/file_identity.h"

namespace fastckpt::internal {

// Bytes of the object that RangeFetcher::Open gave this number; never none.
struct RangeRequest {
  std::uint32_t object = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  std::uint64_t end() const { return offset + size; }
};

// What came of one request: all of its bytes, or why they did not come.
struct Arrival {
  std::size_t request = 0;
  ByteView bytes;
  // Keeps the bytes; they count as under way until it is gone.
  std::shared_ptr<const void> owner;
  std::optional<Error> error;
};

// The requests of one call, on their way. Whatever has not arrived when this
// ends is given up.
class RangeStream {
 public:
  virtual ~RangeStream() = default;

  // The next that arrived, each once; nothing where none did for a while.
  virtual std::optional<Arrival> Wait() = 0;

  // Throws Corruption if one of the objects was replaced meanwhile. Requires
  // that all requests have arrived.
  virtual void Finish() = 0;

  // The same at any time: asks now. False if nobody can tell, as the store says
  // neither tags nor times of some of the objects.
  virtual bool Compare() = 0;
};

// How a call's requests are to be fetched.
struct RangePurpose {
  std::uint64_t wanted_bytes = 0;  // of those that are fetched
  // Whether some of them are covered by no checksum, so that the objects are
  // looked at after the last range once more.
  bool is_unchecked = false;
};

class RangeFetcher {
 public:
  struct Object {
    std::uint32_t number = 0;
    FileIdentity identity;
  };

  virtual ~RangeFetcher() = default;

  // The object of that name. Throws System (ENOENT ...).
  virtual Object Open(const std::string& path) const = 0;

  // Sends requests for ranges that lie in their objects.
  virtual std::unique_ptr<RangeStream> Start(
      const std::vector<RangeRequest>& requests,
      const RangePurpose& purpose) const = 0;
};

}  // namespace fastckpt::internal
