#include "fastckpt/platform/fetched_ranges.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fastckpt::internal {

thread_local const FetchedRanges* FetchedRanges::current_ = nullptr;

std::uint8_t* FetchedRanges::Add(const RangeRequest& range) {
  // Not zeroed: every byte is written.
  const std::shared_ptr<std::uint8_t[]> bytes(new std::uint8_t[range.size]);
  held_.push_back({range, bytes.get(), bytes});
  return bytes.get();
}

void FetchedRanges::Keep(const RangeRequest& range, const std::uint8_t* bytes,
                         std::shared_ptr<const void> owner) {
  held_.push_back({range, bytes, std::move(owner), /*is_own=*/false});
}

void FetchedRanges::TakeOwn() {
  for (Held& held : held_) {
    if (held.is_own) continue;
    const std::shared_ptr<std::uint8_t[]> bytes(
        new std::uint8_t[held.range.size]);
    std::memcpy(bytes.get(), held.bytes,
                static_cast<std::size_t>(held.range.size));
    held = {held.range, bytes.get(), bytes};
  }
}

void FetchedRanges::Finish(const std::vector<char>& is_lost) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (is_lost[i] == 0) std::swap(held_[kept++], held_[i]);
  }
  held_.resize(kept);
  Sort();
}

void FetchedRanges::Sort() {
  std::sort(held_.begin(), held_.end(), [](const Held& a, const Held& b) {
    return std::pair(a.range.object, a.range.offset) <
           std::pair(b.range.object, b.range.offset);
  });
}

const FetchedRanges::Held* FetchedRanges::FindByte(std::uint32_t object,
                                                   std::uint64_t offset) const {
  auto after = std::upper_bound(
      held_.begin(), held_.end(), std::pair(object, offset),
      [](const auto& wanted, const Held& held) {
        return wanted < std::pair(held.range.object, held.range.offset);
      });
  if (after == held_.begin()) return nullptr;
  const Held& held = *--after;
  const bool holds = held.range.object == object &&
                     offset - held.range.offset < held.range.size;
  return holds ? &held : nullptr;
}

bool FetchedRanges::CopyTo(const RangeRequest& range, std::uint8_t* to) const {
  std::uint64_t done = 0;
  while (done < range.size) {
    const std::uint64_t at = range.offset + done;
    const Held* held = FindByte(range.object, at);
    if (held == nullptr) return false;
    const std::uint64_t skipped = at - held->range.offset;
    const std::uint64_t size =
        std::min(range.size - done, held->range.size - skipped);
    std::memcpy(to + done, held->bytes + skipped,
                static_cast<std::size_t>(size));
    done += size;
  }
  return true;
}

bool FetchedRanges::Copy(const RangeFetcher* fetcher, const RangeRequest& range,
                         std::uint8_t* to) {
  return current_ != nullptr && current_->fetcher_ == fetcher &&
         current_->CopyTo(range, to);
}

FetchedRanges::Scope::Scope(const FetchedRanges* ranges) : outer_(current_) {
  if (ranges != nullptr) current_ = ranges;
}

FetchedRanges::Scope::~Scope() { current_ = outer_; }

}  // namespace fastckpt::internal
