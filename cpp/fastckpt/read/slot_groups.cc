#include "fastckpt/read/slot_groups.h"

#include <cstdint>
#include <vector>

#include "fastckpt/read/fetch_ahead.h"

namespace fastckpt::internal {
namespace {

// About as much as TensorFlow puts into a block of a V1 file.
constexpr std::uint64_t kGroupBytes = 256 << 10;
constexpr std::size_t kGroupSlots = 256;
// No encoding of V1 makes more bytes of one: packed numbers of one byte are
// eight or sixteen, and Snappy repeats 64 bytes by three.
constexpr std::uint64_t kMaxListGrowth = 512;

// The first slot of each group, and the end.
std::vector<std::size_t> GroupBegins(const TensorSource& source,
                                     std::span<const std::size_t> slots) {
  std::vector<std::size_t> begins;
  std::uint64_t bytes = kGroupBytes;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (bytes >= kGroupBytes || i - begins.back() == kGroupSlots) {
      begins.push_back(i);
      bytes = 0;
    }
    bytes += source.Facts(slots[i]).size;
  }
  begins.push_back(slots.size());
  return begins;
}

// Those of slots that are at hand, or whose bytes are.
bool ForEachNear(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    const FetchedRanges* fetched) {
  const std::vector<std::size_t> begins = GroupBegins(source, slots);
  return ParallelFor(
      begins.size() - 1, options.threads,
      [&](std::size_t group) {
        SeenFiles seen;
        const FetchedRanges::Scope scope(fetched);
        for (std::size_t i = begins[group]; i < begins[group + 1]; ++i) {
          work(i, &seen);
        }
      },
      options.interrupted);
}

}  // namespace

bool ForEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    const SlotReads& reads) {
  const RangeFetcher* fetcher = source.fetcher();
  if (fetcher == nullptr) {
    return ForEachNear(source, slots, options, work, nullptr);
  }
  const auto ranges_of = [&](std::size_t i) {
    if (reads.regions.empty()) {
      return source.ReadRanges(slots[i], nullptr, CheckRule::kAlways);
    }
    return source.ReadRanges(slots[i], reads.regions[i], reads.rules[i]);
  };
  const Ahead ahead{slots.size(), ranges_of, /*is_lenient=*/true,
                    reads.is_unchecked};
  return WithRanges(
      *fetcher, ahead, options,
      [&](std::size_t begin, std::size_t end, const FetchedRanges& fetched) {
        return ForEachNear(
            source, slots.subspan(begin, end - begin), options,
            [&](std::size_t i, SeenFiles* seen) { work(begin + i, seen); },
            &fetched);
      });
}

bool MayHold(const TensorSource& source, std::size_t slot,
             const Region& region) {
  if (!source.fetcher() || !source.DecodesPieces()) return false;
  std::uint64_t stored = 0;
  for (const RangeRequest& range :
       source.ReadRanges(slot, nullptr, CheckRule::kAlways)) {
    stored += range.size;
  }
  const std::uint64_t size =
      RegionCount(region) * source.LayoutOf(slot).item_size;
  return size / kMaxListGrowth <= stored;
}

bool CountEachSlot(
    const TensorSource& source, std::span<const std::size_t> slots,
    const RunOptions& options,
    const std::function<void(std::size_t i, SeenFiles* seen)>& work,
    const SlotReads& reads) {
  if (options.progress == nullptr) {
    return ForEachSlot(source, slots, options, work, reads);
  }
  for (const std::size_t slot : slots) {
    options.progress->total += source.Facts(slot).size;
  }
  return ForEachSlot(
      source, slots, options,
      [&](std::size_t i, SeenFiles* seen) {
        work(i, seen);
        options.progress->done += source.Facts(slots[i]).size;
      },
      reads);
}

}  // namespace fastckpt::internal
