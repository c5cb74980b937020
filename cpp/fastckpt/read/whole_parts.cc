#include "fastckpt/read/whole_parts.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace fastckpt::internal {
namespace {

using Counts = std::unordered_map<std::size_t, std::uint64_t>;

bool IsBefore(const Region& a, const Region& b) {
  return std::lexicographical_compare(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const RegionDim& one, const RegionDim& other) {
        return std::tie(one.start, one.count, one.step, one.listed) <
               std::tie(other.start, other.count, other.step, other.listed);
      });
}

// The elements of each slot's regions, those of equal regions once.
Counts CountOnce(std::vector<WantedRegion> parts) {
  const auto is_before = [](const WantedRegion& a, const WantedRegion& b) {
    if (a.slot != b.slot) return a.slot < b.slot;
    return IsBefore(*a.region, *b.region);
  };
  std::sort(parts.begin(), parts.end(), is_before);
  Counts counts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && !is_before(parts[i - 1], parts[i])) continue;
    counts[parts[i].slot] += RegionCount(*parts[i].region);
  }
  return counts;
}

}  // namespace

std::vector<WantedRegion> PartsOfWholes(const TensorSource& source,
                                        std::span<const WantedRegion> wanted) {
  Counts counts;
  std::vector<WantedRegion> parts;
  for (const WantedRegion& each : wanted) {
    if (IsWhole(*each.region, source.DimsOf(each.slot))) continue;
    counts[each.slot] += RegionCount(*each.region);
    parts.push_back(each);
  }
  const auto leave_out = [&] {
    std::erase_if(parts, [&](const WantedRegion& each) {
      const auto all = ElementCount(source.DimsOf(each.slot));
      return counts[each.slot] < static_cast<std::uint64_t>(all);
    });
  };
  leave_out();
  counts = CountOnce(parts);
  leave_out();
  return parts;
}

void CheckPartsOfWholes(const TensorSource& source,
                        std::vector<WantedRegion>* wanted) {
  std::unordered_set<const Region*> regions;
  for (const WantedRegion& each : PartsOfWholes(source, *wanted)) {
    regions.insert(each.region);
  }
  for (WantedRegion& each : *wanted) {
    if (regions.contains(each.region)) each.is_checked = true;
  }
}

}  // namespace fastckpt::internal
