#include "fastckpt/platform/fetched_ranges.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fastckpt::internal {

thread_local const FetchedRanges* FetchedRanges::current_ = nullptr;

std::uint8_t* FetchedRanges::Add(const RangeRequest& range) {
  // Not zeroed: every byte is written.
  held_.push_back(
      {range, std::unique_ptr<std::uint8_t[]>(new std::uint8_t[range.size])});
  return held_.back().bytes.get();
}

void FetchedRanges::Finish(const std::vector<char>& is_lost) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (is_lost[i] == 0) std::swap(held_[kept++], held_[i]);
  }
  held_.resize(kept);
  std::sort(held_.begin(), held_.end(), [](const Held& a, const Held& b) {
    return std::pair(a.range.object, a.range.offset) <
           std::pair(b.range.object, b.range.offset);
  });
}

const std::uint8_t* FetchedRanges::Find(const RangeRequest& range) const {
  auto after =
      std::upper_bound(held_.begin(), held_.end(), range,
                       [](const RangeRequest& wanted, const Held& held) {
                         return std::pair(wanted.object, wanted.offset) <
                                std::pair(held.range.object, held.range.offset);
                       });
  if (after == held_.begin()) return nullptr;
  const Held& held = *--after;
  const bool holds =
      held.range.object == range.object &&
      FitsWithin(range.offset - held.range.offset, range.size, held.range.size);
  return holds ? held.bytes.get() + (range.offset - held.range.offset)
               : nullptr;
}

bool FetchedRanges::Copy(const RangeFetcher* fetcher, const RangeRequest& range,
                         std::uint8_t* to) {
  if (current_ == nullptr || current_->fetcher_ != fetcher) return false;
  const std::uint8_t* bytes = current_->Find(range);
  if (bytes == nullptr) return false;
  std::memcpy(to, bytes, static_cast<std::size_t>(range.size));
  return true;
}

FetchedRanges::Scope::Scope(const FetchedRanges* ranges) : outer_(current_) {
  if (ranges != nullptr) current_ = ranges;
}

FetchedRanges::Scope::~Scope() { current_ = outer_; }

}  // namespace fastckpt::internal
