// Tables, written as their format is described and all at once: what the
// table's own writers write is compared with this.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fastckpt/codec/crc32c.h"
#include "testing/tables.h"
#include "testing/wire.h"

namespace fastckpt::internal {

// Entries and the restart array: FORMAT section 2.2.
inline std::string PlainBlock(const Entries& entries, std::size_t interval) {
  Wire block;
  Wire restarts;
  std::size_t count = 0;
  std::string last;
  std::string bytes;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& [key, value] = entries[i];
    std::size_t shared = 0;
    if (i % interval == 0) {
      restarts.Little(bytes.size(), 4);
      ++count;
    } else {
      while (shared < std::min(last.size(), key.size()) &&
             last[shared] == key[shared]) {
        ++shared;
      }
    }
    bytes +=
        Wire().Raw(shared).Raw(key.size() - shared).Raw(value.size()).bytes();
    bytes += key.substr(shared) + value;
    last = key;
  }
  if (entries.empty()) {
    restarts.Little(0, 4);
    count = 1;
  }
  return bytes + restarts.Little(count, 4).bytes();
}

// The shortest key after `a` and before `b` that TensorFlow finds.
inline std::string PlainSeparator(const std::string& a, const std::string& b) {
  const auto byte = [](char c) { return int{static_cast<unsigned char>(c)}; };
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    if (byte(a[i]) + 1 >= byte(b[i])) return a;
    return a.substr(0, i) + static_cast<char>(byte(a[i]) + 1);
  }
  return a;
}

inline std::string PlainSuccessor(const std::string& key) {
  const std::size_t i = key.find_first_not_of('\xff');
  if (i == std::string::npos) return key;
  return key.substr(0, i) + static_cast<char>(key[i] + 1);
}

// A whole file: data blocks of 256 KiB, metaindex, index, footer.
inline std::string PlainTable(const Entries& entries) {
  constexpr std::size_t kBlockSize = 262144;
  std::string file;
  const auto append = [&](const std::string& block) {
    const std::size_t offset = file.size();
    const std::string typed = block + '\0';
    file += typed;
    file += Wire().Little(MaskCrc32c(Crc32c(AsBytes(typed))), 4).bytes();
    return Wire().Raw(offset).Raw(block.size()).bytes();
  };
  std::vector<Entries> blocks(1);
  for (const auto& entry : entries) {
    const bool is_large =
        entry.first.size() + entry.second.size() >= 2 * kBlockSize;
    const bool is_full = PlainBlock(blocks.back(), 16).size() >= kBlockSize;
    if (!blocks.back().empty() && (is_large || is_full)) blocks.emplace_back();
    blocks.back().push_back(entry);
  }
  Entries index;
  for (std::size_t i = 0; i < blocks.size() && !blocks[i].empty(); ++i) {
    const std::string& last = blocks[i].back().first;
    const std::string key = i + 1 < blocks.size()
                                ? PlainSeparator(last, blocks[i + 1][0].first)
                                : PlainSuccessor(last);
    index.emplace_back(key, append(PlainBlock(blocks[i], 16)));
  }
  std::string footer = append(PlainBlock({}, 16));
  footer += append(PlainBlock(index, 1));
  footer.resize(40, '\0');
  return file + footer + Wire().Little(0xdb4775248b80fb57, 8).bytes();
}

}  // namespace fastckpt::internal
