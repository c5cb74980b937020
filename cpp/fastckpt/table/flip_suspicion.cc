#include "fastckpt/table/flip_suspicion.h"

#include <algorithm>
#include <bit>

#include "fastckpt/codec/crc32c.h"
#include "fastckpt/table/table_format.h"

namespace fastckpt::internal {
namespace {

constexpr std::size_t kLargest = std::size_t{4} << 20;
// Above this pairs of other bits would explain too much by chance.
constexpr std::size_t kSmall = 2048;

}  // namespace

FlipSuspicion::FlipSuspicion(ByteView block_and_trailer)
    : size_(block_and_trailer.size() - kTrailerSize + 1) {
  if (size_ > kLargest) return;
  is_small_ = size_ <= kSmall;
  const auto message = static_cast<std::size_t>(size_);
  const std::uint32_t computed = Crc32c(block_and_trailer.first(message));
  const auto masked =
      LoadLittle<std::uint32_t>(block_and_trailer.data() + message);
  difference_ = computed ^ UnmaskCrc32c(masked);
  for (unsigned bit = 0; bit < 32; ++bit) {
    others_.push_back(computed ^
                      UnmaskCrc32c(masked ^ (std::uint32_t{1} << bit)));
  }
  changes_ = ListBitChanges(size_);
  sorted_ = changes_;
  std::sort(sorted_.begin(), sorted_.end());
  // Few of all differences are changes: a bit for each place tells most of
  // them.
  const std::size_t places = std::bit_ceil(changes_.size() * 16);
  likely_.resize(places);
  for (const std::uint32_t change : changes_)
    likely_[change & (places - 1)] = true;
}

bool FlipSuspicion::MayBeFlipped(const BitPlace& place) const {
  if (changes_.empty()) return false;
  const auto i =
      static_cast<std::size_t>(8 * (size_ - 1 - place.byte) + 7 - place.bit);
  const std::uint32_t change = changes_[i];
  const std::uint32_t rest = difference_ ^ change;
  if (rest == 0 || IsChange(rest)) return true;
  if (is_small_ && AreTwoChanges(rest)) return true;
  return std::any_of(others_.begin(), others_.end(), [&](std::uint32_t other) {
    return other == change || (is_small_ && IsChange(other ^ change));
  });
}

bool FlipSuspicion::IsChange(std::uint32_t difference) const {
  return likely_[difference & (likely_.size() - 1)] &&
         std::binary_search(sorted_.begin(), sorted_.end(), difference);
}

bool FlipSuspicion::AreTwoChanges(std::uint32_t difference) const {
  return std::any_of(
      changes_.begin(), changes_.end(),
      [&](std::uint32_t change) { return IsChange(difference ^ change); });
}

}  // namespace fastckpt::internal
