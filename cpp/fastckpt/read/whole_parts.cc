#include "fastckpt/read/whole_parts.h"

#include <cstdint>
#include <unordered_map>

namespace fastckpt::internal {

std::vector<WantedRegion> PartsOfWholes(const TensorSource& source,
                                        std::span<const WantedRegion> wanted) {
  std::unordered_map<std::size_t, std::uint64_t> counts;
  std::vector<WantedRegion> parts;
  for (const WantedRegion& each : wanted) {
    if (IsWhole(*each.region, source.DimsOf(each.slot))) continue;
    counts[each.slot] += RegionCount(*each.region);
    parts.push_back(each);
  }
  std::erase_if(parts, [&](const WantedRegion& each) {
    const auto all = ElementCount(source.DimsOf(each.slot));
    return counts[each.slot] < static_cast<std::uint64_t>(all);
  });
  return parts;
}

}  // namespace fastckpt::internal
