#include "fastckpt/v2/entry_doubt.h"

#include <string>

#include "fastckpt/base/error.h"
#include "fastckpt/proto/messages.h"
#include "fastckpt/table/block_flip.h"

namespace fastckpt::internal {
namespace {

// No bit makes a field one that nobody knows, or leaves a dimension out.
bool IsAsWritten(const BundleEntry& entry, ByteView value) {
  std::string bytes;
  PutBundleEntry(&bytes, entry);
  return bytes == AsText(value);
}

// Whether the entry's value with a bit flipped is another of the same bytes.
bool MeansOther(const BundleEntry& entry, ByteView value,
                const BitPlace& place) {
  const std::string flipped = FlipBit(value, place);
  BundleEntry other;
  try {
    ParseBundleEntry(AsBytes(flipped), &other);
  } catch (const Error&) {
    return false;
  }
  return IsAsWritten(other, AsBytes(flipped)) && HasMeaning(other) &&
         other.shard_id == entry.shard_id && other.offset == entry.offset &&
         other.size == entry.size && other.masked_crc32c == entry.masked_crc32c;
}

}  // namespace

Likeness JudgeEntry(std::string_view key, ByteView value, DataProof* proof) {
  try {
    if (key.empty()) {
      ParseBundleHeader(value);
      return Likeness::kEntry;
    }
    BundleEntry entry;
    ParseBundleEntry(value, &entry);
    if (!IsAsWritten(entry, value) || !HasMeaning(entry)) {
      return Likeness::kNone;
    }
    const bool is_proved = entry.slices.empty() && proof->Agrees(entry);
    return is_proved ? Likeness::kProved : Likeness::kEntry;
  } catch (const Error&) {
    return Likeness::kNone;
  }
}

bool IsSuspected(ByteView value, ByteView contents,
                 const FlipSuspicion& suspicion) {
  const auto begin = static_cast<std::uint64_t>(value.data() - contents.data());
  BundleEntry entry;
  try {
    ParseBundleEntry(value, &entry);
  } catch (const Error&) {
    return false;
  }
  const auto may_be_flipped = [&](const BitPlace& place) {
    return suspicion.MayBeFlipped({begin + place.byte, place.bit});
  };
  for (std::uint64_t bit = 0; bit < 8 * value.size(); ++bit) {
    const BitPlace place{bit / 8, static_cast<unsigned>(bit % 8)};
    // What tells quickly, and mostly no, is asked first.
    if (suspicion.is_quick() && !may_be_flipped(place)) continue;
    if (!MeansOther(entry, value, place)) continue;
    if (suspicion.is_quick() || may_be_flipped(place)) return true;
  }
  return false;
}

}  // namespace fastckpt::internal
