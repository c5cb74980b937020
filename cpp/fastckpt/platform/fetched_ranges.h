// FetchedRanges: bytes of remote objects that a call fetched ahead.
//
// Readers further up ask files for single ranges. A thread that is in a Scope
// gets those which were fetched ahead from here, without knowing it.
//
// Thread-safety: Add by one thread, before others read; a Scope is its
// thread's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fastckpt/base/bytes.h"
#include "fastckpt/platform/range_fetcher.h"

namespace fastckpt::internal {

class FetchedRanges {
 public:
  // Of objects of this fetcher.
  explicit FetchedRanges(const RangeFetcher* fetcher) : fetcher_(fetcher) {}

  // Takes memory for a range, which the caller fills.
  std::uint8_t* Add(const RangeRequest& range);
  // Ends adding; leaves out those that are lost, by their number.
  void Finish(const std::vector<char>& is_lost);

  // Holds a range's bytes where they are, for as long as this keeps `owner`.
  void Keep(const RangeRequest& range, const std::uint8_t* bytes,
            std::shared_ptr<const void> owner);
  // Copies the bytes of what was kept, and lets go of all owners.
  void TakeOwn();
  // Ends keeping.
  void Sort();

  // Whether the calling thread is in a Scope whose ranges hold this one, one
  // behind the other, which `to` then gets.
  static bool Copy(const RangeFetcher* fetcher, const RangeRequest& range,
                   std::uint8_t* to);

  class Scope {
   public:
    // Null: nothing was fetched. `ranges` must outlive it.
    explicit Scope(const FetchedRanges* ranges);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const FetchedRanges* outer_;
  };

 private:
  struct Held {
    RangeRequest range;
    const std::uint8_t* bytes;
    std::shared_ptr<const void> owner;
    bool is_own = true;
  };

  // The held range with that byte, or null.
  const Held* FindByte(std::uint32_t object, std::uint64_t offset) const;
  bool CopyTo(const RangeRequest& range, std::uint8_t* to) const;

  const RangeFetcher* fetcher_;
  std::vector<Held> held_;

  static thread_local const FetchedRanges* current_;
};

}  // namespace fastckpt::internal
