#include "fastckpt/v2/recovered_entries.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "fastckpt/tensor/slice.h"

namespace fastckpt::internal {
namespace {

void Drop(const std::vector<bool>& is_wrong, RecoveredIndex* found) {
  std::vector<RecoveredEntry> left;
  for (std::size_t i = 0; i < is_wrong.size(); ++i) {
    RecoveredEntry& entry = found->entries[i];
    if (is_wrong[i]) {
      found->lost.push_back(std::move(entry.key));
      found->is_whole = false;
    } else {
      left.push_back(std::move(entry));
    }
  }
  found->entries = std::move(left);
}

// True if the keys rise.
bool Rises(const std::vector<RecoveredEntry>& entries) {
  return std::adjacent_find(entries.begin(), entries.end(),
                            [](const auto& a, const auto& b) {
                              return a.key >= b.key;
                            }) == entries.end();
}

// Which of two of one key is right is not known, wherever they lie: keys hang
// together by their beginnings, so that one damaged byte moves several.
void DropTwins(RecoveredIndex* found) {
  std::map<std::string_view, int> counts;
  for (const RecoveredEntry& entry : found->entries) ++counts[entry.key];
  std::vector<bool> is_wrong;
  for (const RecoveredEntry& entry : found->entries) {
    is_wrong.push_back(!entry.is_proved && counts[entry.key] > 1);
  }
  Drop(is_wrong, found);
}

// Of two neighbours that do not rise both go, unless they are proved, and so on
// with those that are neighbours then: each wrong key takes one other along.
void DropPairs(RecoveredIndex* found) {
  const std::vector<RecoveredEntry>& entries = found->entries;
  std::vector<bool> is_wrong(entries.size());
  std::vector<std::size_t> rising;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    while (!rising.empty() && !is_wrong[i] &&
           entries[rising.back()].key >= entries[i].key) {
      is_wrong[i] = !entries[i].is_proved;
      if (entries[rising.back()].is_proved) break;
      is_wrong[rising.back()] = true;
      rising.pop_back();
    }
    if (!is_wrong[i]) rising.push_back(i);
  }
  Drop(is_wrong, found);
}

// What is left is sound by itself, and of another table than what is before.
void DropFalling(RecoveredIndex* found) {
  std::vector<bool> is_wrong;
  std::string last;
  for (const RecoveredEntry& entry : found->entries) {
    is_wrong.push_back(entry.key <= last);
    if (!is_wrong.back()) last = entry.key;
  }
  Drop(is_wrong, found);
}

}  // namespace

void DropDisorder(RecoveredIndex* found) {
  if (Rises(found->entries)) return;
  DropTwins(found);
  DropPairs(found);
  if (!Rises(found->entries)) DropFalling(found);
}

void DropParts(RecoveredIndex* found) {
  std::vector<std::string> listed;
  for (const RecoveredEntry& it : found->entries) {
    for (const SliceSpec& spec : it.entry.slices) {
      listed.push_back(SliceKey(it.key, spec));
    }
  }
  std::sort(listed.begin(), listed.end());
  std::vector<bool> is_wrong;
  std::string name;
  SliceSpec spec;
  for (const RecoveredEntry& it : found->entries) {
    // Keys of slices begin with 0, and a damaged one may be no key of any.
    const bool is_like_part = it.is_proved ? ParseSliceKey(it.key, &name, &spec)
                                           : it.key.starts_with('\0');
    is_wrong.push_back(
        is_like_part &&
        !std::binary_search(listed.begin(), listed.end(), it.key));
  }
  Drop(is_wrong, found);
}

}  // namespace fastckpt::internal
