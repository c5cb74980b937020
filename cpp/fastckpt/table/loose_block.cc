#include "fastckpt/table/loose_block.h"

#include <optional>

namespace fastckpt::internal {
namespace {

// Of guesses: so many bytes of values are judged for each byte of the block.
constexpr std::uint64_t kGuesses = 64;
// Prefix compression could make keys of a size that is quadratic.
constexpr std::uint64_t kKeys = 64;
constexpr std::uint64_t kFree = std::uint64_t{1} << 20;

struct Found {
  LooseEntry entry;
  std::size_t end = 0;
  Likeness likeness = Likeness::kNone;
};

class LooseReader {
 public:
  LooseReader(ByteView contents, const Judge& judge)
      : bytes_(contents),
        judge_(judge),
        guesses_(contents.size() * kGuesses + kFree),
        keys_(contents.size() * kKeys + kFree) {}

  LooseBlock Run() {
    block_.is_whole = true;
    std::size_t place = 0;
    std::string key;
    while (auto found = FindNext(place, key)) {
      key = found->entry.key;
      if (key.size() > keys_) break;
      keys_ -= key.size();
      place = found->end;
      block_.entries.push_back(std::move(found->entry));
    }
    // The restarts and their count are behind the last entry.
    if (!IsRestarts(place)) block_.is_whole = false;
    return std::move(block_);
  }

 private:
  // The entry that follows, or the next one that is proved.
  std::optional<Found> FindNext(std::size_t place, const std::string& key) {
    auto found = Read(place, key);
    if (found && found->likeness != Likeness::kNone) return found;
    if (IsRestarts(place)) return std::nullopt;
    block_.is_whole = false;
    for (++place; place < bytes_.size(); ++place) {
      if (bytes_[place] != 0) continue;  // its key is not whole
      found = Read(place, {});
      if (!found) continue;
      if (found->likeness == Likeness::kProved) return found;
      const std::size_t read = found->end - place;
      if (read > guesses_) break;
      guesses_ -= read;
    }
    return std::nullopt;
  }

  std::optional<Found> Read(std::size_t place, std::string_view previous) {
    Cursor cursor(bytes_.subspan(place));
    std::uint32_t shared = 0;
    std::uint32_t non_shared = 0;
    std::uint32_t value_size = 0;
    ByteView suffix;
    Found found;
    if (!cursor.TakeVarint32(&shared) || !cursor.TakeVarint32(&non_shared) ||
        !cursor.TakeVarint32(&value_size) || shared > previous.size() ||
        !cursor.TakeBytes(non_shared, &suffix) ||
        !cursor.TakeBytes(value_size, &found.entry.value)) {
      return std::nullopt;
    }
    found.entry.key = previous.substr(0, shared);
    found.entry.key += AsText(suffix);
    found.end = place + cursor.position();
    found.likeness = judge_(found.entry.key, found.entry.value);
    return found;
  }

  // True if from here on there is nothing but an array of restarts.
  bool IsRestarts(std::size_t place) const {
    const std::size_t left = bytes_.size() - place;
    if (left < 8 || left % 4 != 0) return false;
    const auto count =
        LoadLittle<std::uint32_t>(bytes_.data() + bytes_.size() - 4);
    return count == left / 4 - 1 &&
           LoadLittle<std::uint32_t>(bytes_.data() + place) == 0;
  }

  const ByteView bytes_;
  const Judge& judge_;
  std::uint64_t guesses_;
  std::uint64_t keys_;
  LooseBlock block_;
};

}  // namespace

LooseBlock ReadLoosely(ByteView contents, const Judge& judge) {
  return LooseReader(contents, judge).Run();
}

}  // namespace fastckpt::internal
