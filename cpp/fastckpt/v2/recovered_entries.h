// Recovered entries: what was found of a damaged index, and what of it cannot
// be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fastckpt/proto/messages.h"

namespace fastckpt::internal {

struct RecoveredEntry {
  std::string key;
  BundleEntry entry;
  bool is_proved = false;
};

struct RecoveredIndex {
  std::optional<BundleHeader> header;
  std::vector<RecoveredEntry> entries;  // keys rise; the header's is left out
  std::vector<std::string> lost;        // keys that are there, of what is not
  std::vector<std::string> repairs;     // what was done, in words
  bool is_whole = true;  // false if there may have been more entries
};

// Drops entries whose keys do not rise: one of two is wrong, and unless one of
// them is proved it is not known which. Of one key all that are unproved go.
void DropDisorder(RecoveredIndex* found);

// Drops stored slices that no tensor lists, which would pass for tensors of
// their own; of unproved ones all that look like one.
void DropParts(RecoveredIndex* found);

}  // namespace fastckpt::internal
