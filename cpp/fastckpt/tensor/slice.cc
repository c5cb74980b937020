#include "fastckpt/tensor/slice.h"

#include <algorithm>
#include <numeric>

#include "fastckpt/base/bytes.h"
#include "fastckpt/base/error.h"
#include "fastckpt/codec/ordered_code.h"

namespace fastckpt::internal {
namespace {

using Pair = std::pair<std::size_t, std::size_t>;

void ResolveExtent(const Extent& extent, std::int64_t dim, Box* box) {
  if (extent.IsWhole() && extent.start == 0) {
    box->begin.push_back(0);
    box->extent.push_back(dim);
    return;
  }
  if (extent.start < 0 || extent.length < 1 || extent.start > dim ||
      extent.length > dim - extent.start) {
    ThrowCorruption("slice extent " + std::to_string(extent.start) + "," +
                    std::to_string(extent.length) +
                    " lies outside a dimension of " + std::to_string(dim));
  }
  box->begin.push_back(extent.start);
  box->extent.push_back(extent.length);
}

// Proves that boxes are disjoint. A group of boxes is cut along planes that
// cut no box; what is left when no plane does is compared pair by pair.
class OverlapFinder {
 public:
  explicit OverlapFinder(const std::vector<Box>& boxes) : boxes_(boxes) {}

  std::optional<Pair> Find() {
    Group all(boxes_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<Group> pending;
    AddPart(all, 0, all.size(), &pending);
    while (!pending.empty()) {
      Group group = std::move(pending.back());
      pending.pop_back();
      if (Split(&group, &pending)) continue;
      if (auto pair = FindPair(group)) return pair;
    }
    return std::nullopt;
  }

 private:
  using Group = std::vector<std::size_t>;

  // Two to three seconds of work.
  static constexpr std::uint64_t kMaxSteps = 1'000'000'000;

  void Spend(std::uint64_t steps) {
    steps_ += steps;
    if (steps_ > kMaxSteps) {
      ThrowUnsupported(
          "the slices of the tensor lie too irregularly to prove "
          "that no two of them overlap");
    }
  }

  // Cuts the group along the first dimension that has a cutting plane.
  bool Split(Group* group, std::vector<Group>* pending) {
    const std::size_t rank = boxes_[group->front()].begin.size();
    for (std::size_t dim = 0; dim < rank; ++dim) {
      Spend(group->size() * 20);
      std::sort(group->begin(), group->end(), [&](auto a, auto b) {
        return boxes_[a].begin[dim] < boxes_[b].begin[dim];
      });
      if (SplitAlong(*group, dim, pending)) return true;
    }
    return false;
  }

  bool SplitAlong(const Group& group, std::size_t dim,
                  std::vector<Group>* pending) {
    std::size_t first = 0;
    std::int64_t end = End(group[0], dim);
    for (std::size_t i = 1; i < group.size(); ++i) {
      if (boxes_[group[i]].begin[dim] >= end) {
        AddPart(group, first, i, pending);
        first = i;
      }
      end = std::max(end, End(group[i], dim));
    }
    if (first == 0) return false;
    AddPart(group, first, group.size(), pending);
    return true;
  }

  // A box by itself overlaps nothing.
  static void AddPart(const Group& group, std::size_t begin, std::size_t end,
                      std::vector<Group>* pending) {
    if (end - begin < 2) return;
    pending->emplace_back(group.begin() + Offset(begin),
                          group.begin() + Offset(end));
  }

  std::optional<Pair> FindPair(const Group& group) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      Spend(group.size() - i);
      for (std::size_t j = i + 1; j < group.size(); ++j) {
        if (Overlaps(boxes_[group[i]], boxes_[group[j]])) {
          return std::minmax(group[i], group[j]);
        }
      }
    }
    return std::nullopt;
  }

  std::int64_t End(std::size_t box, std::size_t dim) const {
    return boxes_[box].begin[dim] + boxes_[box].extent[dim];
  }

  static std::ptrdiff_t Offset(std::size_t index) {
    return static_cast<std::ptrdiff_t>(index);
  }

  const std::vector<Box>& boxes_;
  std::uint64_t steps_ = 0;
};

}  // namespace

Box ResolveSlice(const SliceSpec& spec, Dims full) {
  if (spec.size() != full.size()) {
    ThrowCorruption("slice " + FormatSlice(spec) + " of rank " +
                    std::to_string(spec.size()) + " in a tensor of shape " +
                    FormatShape(full));
  }
  Box box;
  box.begin.reserve(full.size());
  box.extent.reserve(full.size());
  for (std::size_t i = 0; i < full.size(); ++i) {
    ResolveExtent(spec[i], full[i], &box);
  }
  return box;
}

std::string SliceKeyPrefix(std::string_view name) {
  std::string key;
  PutOrderedNumber(&key, 0);
  PutOrderedString(&key, name);
  return key;
}

std::string SliceKeySuffix(const SliceSpec& spec) {
  std::string key;
  PutOrderedNumber(&key, spec.size());
  for (const Extent& extent : spec) {
    PutOrderedSigned(&key, extent.start);
    PutOrderedSigned(&key, extent.length);
  }
  return key;
}

std::string SliceKey(std::string_view name, const SliceSpec& spec) {
  return SliceKeyPrefix(name) + SliceKeySuffix(spec);
}

bool ParseSliceKey(std::string_view key, std::string* name, SliceSpec* spec) {
  Cursor cursor(AsBytes(key));
  std::uint64_t zero = 0;
  std::uint64_t rank = 0;
  if (!TakeOrderedNumber(&cursor, &zero) || zero != 0) return false;
  if (!TakeOrderedString(&cursor, name)) return false;
  if (!TakeOrderedNumber(&cursor, &rank) || rank > kMaxRank) return false;
  spec->clear();
  for (std::uint64_t i = 0; i < rank; ++i) {
    Extent extent;
    if (!TakeOrderedSigned(&cursor, &extent.start)) return false;
    if (!TakeOrderedSigned(&cursor, &extent.length)) return false;
    spec->push_back(extent);
  }
  return cursor.AtEnd();
}

bool Overlaps(const Box& a, const Box& b) {
  for (std::size_t i = 0; i < a.begin.size(); ++i) {
    if (a.begin[i] >= b.begin[i] + b.extent[i]) return false;
    if (b.begin[i] >= a.begin[i] + a.extent[i]) return false;
  }
  return true;
}

std::optional<Pair> FindOverlap(const std::vector<Box>& boxes) {
  return OverlapFinder(boxes).Find();
}

std::string FormatSlice(const SliceSpec& spec) {
  std::string text;
  for (const Extent& extent : spec) {
    if (!text.empty()) text += ':';
    text += extent.IsWhole() ? "-"
                             : std::to_string(extent.start) + "," +
                                   std::to_string(extent.length);
  }
  return text;
}

}  // namespace fastckpt::internal
